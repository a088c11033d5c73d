package socketeer.loop

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import socketeer.NameNotFoundException
import java.net.Inet6Address
import java.net.InetAddress
import java.net.UnknownHostException

/**
 * The system resolver's addresses of [host], in its order (RFC 6724), never empty.
 *
 * The system's call blocks and can't be interrupted, so it runs on a thread for such things, and a caller that is
 * cancelled doesn't wait for it.
 */
internal suspend fun lookUp(host: String): List<InetAddress> {
    literalOrNull(host)?.let { return listOf(it) }
    val answer = CoroutineScope(Dispatchers.IO).async {
        runCatching { InetAddress.getAllByName(host).toList() }
    }.await()
    return answer.getOrElse { cause ->
        val words = (cause as? UnknownHostException)?.message?.substringAfter(": ") ?: cause.toString()
        throw NameNotFoundException("resolve $host: $words", cause)
    }
}

/** RFC 8305, section 4: the families take turns, the one that the resolver prefers first. */
internal fun List<InetAddress>.interleaved(): List<InetAddress> {
    val (same, other) = partition { (it is Inet6Address) == (first() is Inet6Address) }
    return (0 until maxOf(same.size, other.size)).flatMap { listOfNotNull(same.getOrNull(it), other.getOrNull(it)) }
}
