package socketeer.java

import socketeer.Cidr
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration
import socketeer.Limits as Bound

/** Kotlin's limits for Java's: what takes or gives a kotlin.time.Duration has a name that Java can't say. */
private object Bounds {
    @JvmStatic
    fun nanos(duration: JavaDuration): Long = duration.toKotlinDuration().inWholeNanoseconds

    @JvmStatic
    fun connections(limits: Bound, value: Int): Bound = limits.copy(connections = value)

    @JvmStatic
    fun backlog(limits: Bound, value: Int): Bound = limits.copy(backlog = value)

    @JvmStatic
    fun connect(limits: Bound): JavaDuration = limits.connect.toJavaDuration()

    @JvmStatic
    fun connect(limits: Bound, value: JavaDuration): Bound = limits.copy(connect = value.toKotlinDuration())

    @JvmStatic
    fun drain(limits: Bound): JavaDuration = limits.drain.toJavaDuration()

    @JvmStatic
    fun drain(limits: Bound, value: JavaDuration): Bound = limits.copy(drain = value.toKotlinDuration())

    @JvmStatic
    fun linger(limits: Bound): JavaDuration = limits.linger.toJavaDuration()

    @JvmStatic
    fun linger(limits: Bound, value: JavaDuration): Bound = limits.copy(linger = value.toKotlinDuration())

    @JvmStatic
    fun hold(limits: Bound): JavaDuration = limits.hold.toJavaDuration()

    @JvmStatic
    fun hold(limits: Bound, value: JavaDuration): Bound = limits.copy(hold = value.toKotlinDuration())

    @JvmStatic
    fun perAddress(limits: Bound, value: Int): Bound = limits.copy(perAddress = value)

    @JvmStatic
    fun acceptRate(limits: Bound, value: Int): Bound = limits.copy(acceptRate = value)

    @JvmStatic
    fun firstByte(limits: Bound): JavaDuration = limits.firstByte.toJavaDuration()

    @JvmStatic
    fun firstByte(limits: Bound, value: JavaDuration): Bound = limits.copy(firstByte = value.toKotlinDuration())

    @JvmStatic
    fun idle(limits: Bound): JavaDuration = limits.idle.toJavaDuration()

    @JvmStatic
    fun idle(limits: Bound, value: JavaDuration): Bound = limits.copy(idle = value.toKotlinDuration())

    @JvmStatic
    fun whole(limits: Bound): JavaDuration = limits.whole.toJavaDuration()

    @JvmStatic
    fun whole(limits: Bound, value: JavaDuration): Bound = limits.copy(whole = value.toKotlinDuration())

    @JvmStatic
    fun writeStall(limits: Bound): JavaDuration = limits.writeStall.toJavaDuration()

    @JvmStatic
    fun writeStall(limits: Bound, value: JavaDuration): Bound = limits.copy(writeStall = value.toKotlinDuration())

    @JvmStatic
    fun allow(limits: Bound, value: List<Cidr>): Bound = limits.copy(allow = value)

    @JvmStatic
    fun deny(limits: Bound, value: List<Cidr>): Bound = limits.copy(deny = value)
}
