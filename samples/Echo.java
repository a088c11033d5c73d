import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;

import socketeer.java.Bytes;

/** Echo.java [[HOST:]PORT]: sends back what comes; port 9000 unless told otherwise. */
class Echo {
    public static void main(String[] args) throws Exception {
        net(net -> {
            var server = net.tcpServer(tcp(args.length > 0 ? args[0] : "9000"), peer -> {
                for (Bytes data; (data = peer.recv()) != null; ) peer.send(data);
            });
            System.out.println("listening on " + server.address());
        });
    }
}
