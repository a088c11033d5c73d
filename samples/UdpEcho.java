import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.udp;

/** UdpEcho.java [[HOST:]PORT]: sends each datagram back; port 9001 unless told otherwise. */
class UdpEcho {
    public static void main(String[] args) throws Exception {
        net(net -> {
            var server = net.udpServer(udp(args.length > 0 ? args[0] : "9001"),
                    (socket, datagram) -> socket.sendto(datagram.data(), datagram.from()));
            System.out.println("listening on " + server.address());
        });
    }
}
