import static socketeer.java.Socketeer.net;
import static socketeer.java.Socketeer.tcp;
import static socketeer.java.Socketeer.within;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import socketeer.BrokenException;
import socketeer.LineEnd;
import socketeer.TimedOutException;
import socketeer.java.Bytes;
import socketeer.java.Codecs;
import socketeer.java.Connection;
import socketeer.java.Framed;

/**
 * Chat.java [[HOST:]PORT]: a line that somebody says reaches everybody else; "exit" leaves; port 9004 unless told
 * otherwise.
 */
class Chat {
    static final int MAX_BACKLOG = 1 << 20;
    static final Set<Member> MEMBERS = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) throws Exception {
        net(net -> {
            var server = net.tcpServer(tcp(args.length > 0 ? args[0] : "9004"), Chat::serve);
            System.out.println("listening on " + server.address());
        });
    }

    static void serve(Connection peer) throws Exception {
        Framed<Bytes> room = peer.framed(Codecs.lines(Codecs.bytes(), LineEnd.ANY, 64 * 1024, false, false));
        Member me = new Member(peer);
        var hearing = peer.launch(() -> me.hear(room));
        MEMBERS.add(me);
        try {
            for (Bytes line; (line = room.recv()) != null && !line.text().equals("exit"); ) {
                for (Member member : MEMBERS) if (member != me) member.tell(line);
            }
        } catch (BrokenException gone) {
            // Gone in the middle of a line: that isn't said. What was said to him is still his to hear, if he listens.
        } finally {
            MEMBERS.remove(me);
        }
        me.heard.add(Member.END);
        try {
            within(Duration.ofSeconds(5), hearing::get);
        } catch (TimedOutException deaf) {
            // He had his time.
        }
    }

    /** Who hears what is said from now on; who is MAX_BACKLOG bytes behind is shown the door. */
    static final class Member {
        static final Bytes END = Bytes.of("the end");

        final LinkedBlockingQueue<Bytes> heard = new LinkedBlockingQueue<>();
        private final AtomicInteger backlog = new AtomicInteger();
        private final Connection connection;

        Member(Connection connection) {
            this.connection = connection;
        }

        void tell(Bytes line) {
            if (backlog.addAndGet(line.size() + 1) > MAX_BACKLOG) connection.abort();
            else heard.add(line);
        }

        void hear(Framed<Bytes> room) throws Exception {
            for (Bytes line; (line = heard.take()) != END; ) {
                room.send(line);
                backlog.addAndGet(-line.size() - 1);
            }
        }
    }
}
