package socketeer.java

import kotlinx.coroutines.withContext
import socketeer.Cidr
import socketeer.shaped
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration
import socketeer.Connection as Stream
import socketeer.Rate as Speed
import socketeer.Throttle as Bucket
import socketeer.proxied as behindProxy
import socketeer.proxyHeader as headerOf

/*
 * What wraps a handler. Kotlin's handlers suspend and Java's block, so one isn't made of the other: the connection that
 * Kotlin's wrapping makes is what the Java handler gets.
 */

private object Wrapped {
    /** @throws IllegalArgumentException where Kotlin's [behindProxy] refuses these too. */
    @JvmStatic
    fun checkProxied(from: List<Cidr>, deadline: JavaDuration, max: Int) {
        behindProxy(from, deadline.toKotlinDuration(), max) {}
    }

    /** What a handler behind a proxy gets for [connection], once the header has come. */
    @JvmStatic
    suspend fun proxied(connection: Stream, from: List<Cidr>, deadline: JavaDuration, max: Int): Stream {
        lateinit var client: Stream
        // On its loop, whose timer the deadline then is.
        withContext(connection.coroutineContext[ContinuationInterceptor] ?: EmptyCoroutineContext) {
            behindProxy(from, deadline.toKotlinDuration(), max) { client = this }(connection)
        }
        return client
    }

    @JvmStatic
    fun header(connection: Stream): ProxyHeader? = connection.headerOf?.let(ProxyHeader::of)

    @JvmStatic
    fun shaped(connection: Stream, rates: Rates): Stream =
        connection.shaped(rates.receive?.let(::speed), rates.send?.let(::speed), rates.receives?.let(::speed))

    /** @throws IllegalArgumentException where Kotlin's refuses it too. */
    @JvmStatic
    fun checkRate(amount: Long, per: JavaDuration) {
        Speed(amount, per.toKotlinDuration())
    }

    @JvmStatic
    fun throttle(rate: Rate): Bucket = Bucket(speed(rate))

    private fun speed(rate: Rate) = Speed(rate.amount, rate.per.toKotlinDuration())
}
