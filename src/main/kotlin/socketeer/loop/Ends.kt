package socketeer.loop

import kotlinx.io.bytestring.ByteString
import socketeer.Ip
import socketeer.NameNotFoundException
import socketeer.StreamAddress
import socketeer.TcpAddress
import socketeer.UdpAddress
import socketeer.UnixAddress
import socketeer.UnsupportedException
import socketeer.unix
import java.net.Inet4Address
import java.net.Inet6Address
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.NetworkInterface
import java.net.ProtocolFamily
import java.net.SocketAddress
import java.net.StandardProtocolFamily.INET
import java.net.StandardProtocolFamily.INET6
import java.net.StandardProtocolFamily.UNIX
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
    is InetSocketAddress -> TcpAddress.trusted(address.literal(), port)
    is UnixDomainSocketAddress -> unix(path.toString())
    else -> unix("")
}

internal fun InetSocketAddress.toUdpAddress(): UdpAddress = UdpAddress.trusted(address.literal(), this)

/** The address without a name, as the JDK's own type prints it only roughly: see [Ip]. */
internal fun InetAddress.literal(): String = if (this is Inet4Address) hostAddress else toIp().toString()

internal fun InetAddress.toIp(): Ip =
    Ip(ByteString(*address), if (this is Inet6Address) hostAddress.substringAfter('%', "").ifEmpty { null } else null)

/** The JDK's form of this address; a scope must be an interface here. @throws NameNotFoundException */
internal fun Ip.toInetAddress(): InetAddress {
    val raw = bytes.toByteArray()
    val scope = scope ?: return InetAddress.getByAddress(raw)
    scope.toIntOrNull()?.let { return Inet6Address.getByAddress(null, raw, it) }
    val device =
        NetworkInterface.getByName(scope) ?: throw NameNotFoundException("resolve $this: no network interface $scope")
    return Inet6Address.getByAddress(null, raw, device)
}

/** The address that [text] is literally, null if it is a name: nobody is asked. */
internal fun literalOrNull(text: String): InetAddress? = Ip.parseOrNull(text)?.toInetAddress()

/** The family that serves this address: IPv4 alone, or IPv6 and, on the wildcard, both. */
internal val SocketAddress.family: ProtocolFamily
    get() =
        when (this) {
            is UnixDomainSocketAddress -> UNIX
            is InetSocketAddress -> if (address is Inet4Address) INET else INET6
            else -> throw UnsupportedException("an address of $javaClass")
        }

internal fun UnixAddress.toSocketAddress(): SocketAddress = UnixDomainSocketAddress.of(path)
