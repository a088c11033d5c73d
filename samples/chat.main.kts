@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import socketeer.*
import kotlin.time.Duration.Companion.seconds

// chat [[HOST:]PORT]: a line that somebody says reaches everybody else; "exit" leaves; port 9004 unless told otherwise.

/** Who hears what is said from now on; who is [MAX_BACKLOG] bytes behind is shown the door. */
class Member(private val connection: Connection) {
    val heard = Channel<ByteString>(Channel.UNLIMITED)
    private var backlog = 0

    fun tell(line: ByteString) {
        backlog += line.size + 1
        if (backlog > MAX_BACKLOG) connection.cancel("$backlog bytes behind") else heard.trySend(line)
    }

    suspend fun hear(room: Framed<ByteString>) {
        for (line in heard) {
            room.send(line)
            backlog -= line.size + 1
        }
    }
}

val MAX_BACKLOG = 1 shl 20
val members = LinkedHashSet<Member>()

net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9004" })) {
        val room = framed(lines(bytes(), max = 64 * 1024), maxEmpty = Int.MAX_VALUE)
        val me = Member(this)
        val hearing = launch { me.hear(room) }
        members += me
        try {
            for (line in room) {
                if (line.text() == "exit") break
                for (member in members) if (member !== me) member.tell(line)
            }
        } catch (_: BrokenException) {
            // Gone in the middle of a line: that isn't said. What was said to him is still his to hear, if he listens.
        } finally {
            members -= me
        }
        me.heard.close()
        withTimeoutOrNull(5.seconds) { hearing.join() }
    }
    println("listening on ${server.address}")
}
