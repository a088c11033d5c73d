package socketeer.loop

import socketeer.Ip
import socketeer.UnsupportedException
import java.net.Inet4Address
import java.net.InetAddress
import java.net.NetworkInterface
import java.net.StandardSocketOptions.IP_MULTICAST_IF
import java.nio.channels.DatagramChannel
import java.nio.channels.MembershipKey

/** The multicast groups that a socket takes part in. */
internal class Groups(private val socket: DatagramChannel, private val owner: Any) {
    private val joined = HashMap<List<String?>, MembershipKey>()

    fun join(group: String, via: String?, source: String?) {
        val what = "join $group on $owner"
        val ip = Ip.parse(group)
        require(ip.isMulticast) { "$what: not a group's address (224.0.0.0/4, ff00::/8)" }
        val device = device(via ?: ip.scope, ip)
        val key =
            orFault(what) {
                try {
                    if (source == null) {
                        socket.join(ip.plain(), device)
                    } else {
                        socket.join(ip.plain(), device, Ip.parse(source).toInetAddress())
                    }
                } catch (cause: IllegalArgumentException) {
                    throw UnsupportedException(
                        "$what: ${cause.message}; bind to an address of the group's family",
                        cause,
                    )
                }
            }
        joined[listOf(group, via, source)] = key
    }

    fun leave(group: String, via: String?, source: String?) {
        val key = requireNotNull(joined.remove(listOf(group, via, source))) { "leave $group on $owner: not joined" }
        key.drop()
    }

    private fun Ip.plain(): InetAddress = Ip(bytes).toInetAddress()

    /** The interface called [name]; or the socket's own; or the first that is up, can do it, and leads outside. */
    private fun device(name: String?, group: Ip): NetworkInterface {
        if (name != null) return networkInterface(name)
        socket.getOption(IP_MULTICAST_IF)?.let { return it }
        val up = NetworkInterface.networkInterfaces().filter { it.isUp }.toList()
        val fit = up.filter { each -> each.inetAddresses().anyMatch { (it is Inet4Address) == group.isV4 } }
        return fit.firstOrNull { it.supportsMulticast() && !it.isLoopback } ?: fit.firstOrNull()
            ?: throw UnsupportedException("join $group on $owner: no network interface is up")
    }
}

/** The network interface called [name], or with that number. @throws IllegalArgumentException if there's none */
internal fun networkInterface(name: String): NetworkInterface =
    requireNotNull(name.toIntOrNull()?.let(NetworkInterface::getByIndex) ?: NetworkInterface.getByName(name)) {
        "no network interface $name; there are: " +
            NetworkInterface.networkInterfaces().toList().joinToString(" ") { it.name }
    }
