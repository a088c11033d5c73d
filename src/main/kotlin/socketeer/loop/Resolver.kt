package socketeer.loop

import socketeer.Ip
import socketeer.NameNotFoundException
import socketeer.aside
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
    return aside {
        try {
            InetAddress.getAllByName(host).toList()
        } catch (cause: UnknownHostException) {
            throw NameNotFoundException("resolve $host: ${cause.message?.substringAfter(": ")}", cause)
        }
    }
}

/** The name of [address], which must be a literal; the resolver has asked whether the name leads back to it. */
internal suspend fun lookUpReverse(address: String): String {
    val ip = requireNotNull(Ip.parseOrNull(address)) { "reverse of a literal address, was \"$address\"" }
    return aside {
        val name = ip.toInetAddress().hostName
        if (Ip.parseOrNull(name) != null) throw NameNotFoundException("reverse $address: no name")
        name
    }
}

/** RFC 8305, section 4: the families take turns, the one that the resolver prefers first. */
internal fun List<InetAddress>.interleaved(): List<InetAddress> {
    val (same, other) = partition { (it is Inet6Address) == (first() is Inet6Address) }
    return (0 until maxOf(same.size, other.size)).flatMap { listOfNotNull(same.getOrNull(it), other.getOrNull(it)) }
}
