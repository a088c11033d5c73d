@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.launch
import kotlinx.io.bytestring.decodeToString
import socketeer.*

// multicast-chat [[GROUP:]PORT [INTERFACE]]: every line goes to everybody in the group on this machine, "exit" leaves;
// 239.255.9.9:9009 unless told otherwise. Its own client: start it twice.
net {
    val group = UdpAddress.parse(args.getOrElse(0) { "9009" }, defaultHost = "239.255.9.9")
    val via = args.getOrElse(1) { "lo" }
    val everywhere = if (Ip.parse(group.host).isV4) "0.0.0.0" else "::"
    // Several members may share the port; a TTL of 0 keeps what is said on this machine.
    val ears = bind(udp(everywhere, group.port), Option.ReuseAddress(true))
    val mouth = bind(udp(everywhere, 0), Option.MulticastInterface(via), Option.MulticastTtl(0))
    val me = (mouth.local as UdpAddress).port
    ears.join(group.host, via)
    val listening = launch {
        while (true) {
            val (said, from) = ears.recvfrom()
            if ((from as UdpAddress).port != me) println("${from.port}: ${said.decodeToString()}")
        }
    }
    println("listening on $group")
    stdin().lines().takeWhile { it != "exit" }.collect { mouth.sendto(it, group) }
    listening.cancel()
}
