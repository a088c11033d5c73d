package socketeer.loop

import socketeer.StreamAddress
import socketeer.UnixAddress
import socketeer.tcp
import socketeer.unix
import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.net.UnixDomainSocketAddress

/** Both ends of a connection as the JDK has them, read once, so that they stay readable after close. */
internal class Ends(
    val localSocketAddress: SocketAddress?,
    val remoteSocketAddress: SocketAddress?,
) {
    val local: StreamAddress get() = localSocketAddress.toAddress()
    val remote: StreamAddress get() = remoteSocketAddress.toAddress()

    companion object {
        val UNCONNECTED = Ends(null, null)
    }
}

internal fun SocketAddress?.toAddress(): StreamAddress = when (this) {
    is InetSocketAddress -> tcp(address.literal(), port)
    is UnixDomainSocketAddress -> unix(path.toString())
    else -> unix("")
}

/** The address without a name: IPv6 with its zone, shortest form as RFC 5952 says. */
internal fun InetAddress.literal(): String {
    if (this !is Inet6Address) return hostAddress
    val zone = hostAddress.substringAfter('%', "")
    val groups = IntArray(address.size / 2) {
        (address[2 * it].toInt() and 0xff shl 8) or
            (address[2 * it + 1].toInt() and 0xff)
    }
    return shortest(groups) + if (zone.isEmpty()) "" else "%$zone"
}

private fun shortest(groups: IntArray): String {
    var start = -1
    var length = 1
    var i = 0
    while (i < groups.size) {
        var end = i
        while (end < groups.size && groups[end] == 0) end++
        if (end - i > length) {
            start = i
            length = end - i
        }
        i = end + 1
    }

    fun join(range: IntRange) = range.joinToString(":") { groups[it].toString(16) }
    return if (start < 0) join(groups.indices) else join(0 until start) + "::" + join(start + length until groups.size)
}

/** The address that [text] is literally, null if it is a name: nobody is asked. */
internal fun literalOrNull(text: String): InetAddress? = when {
    ':' in text -> runCatching { InetAddress.getByName(text) }.getOrNull()
    IPV4.matches(text) -> InetAddress.getByName(text) as Inet4Address
    else -> null
}

private val IPV4 = Regex("""((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|$)){4}(?<!\.)""")

internal fun UnixAddress.toSocketAddress(): SocketAddress = UnixDomainSocketAddress.of(path)
