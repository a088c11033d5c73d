package socketeer.testing

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Datagram
import socketeer.DatagramAddress
import socketeer.DatagramSocket
import socketeer.Network
import socketeer.RefusedException
import socketeer.TooLargeException
import socketeer.testing.Ability.EMPTY_DATAGRAMS
import socketeer.use
import java.nio.ByteBuffer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/**
 * What every datagram socket must do, as [networkLaws] for connections: sockets bound to what [address] gives, on a
 * network that each case makes with [network] and closes.
 *
 * @param largest the most bytes that a datagram of this kind carries.
 */
public fun datagramLaws(
    name: String,
    address: () -> DatagramAddress,
    largest: Int,
    vararg lacks: Ability,
    run: (suspend CoroutineScope.() -> Unit) -> Unit = ::onThisThread,
    limit: Duration = 30.seconds,
    network: suspend () -> Network,
): List<Law> {
    val maker = networks(name, *lacks, run = run, network = network)
    return (messages(address, largest) + ends(address) + waits(address)).map { Law(maker, it, limit) }
}

private fun messages(address: () -> DatagramAddress, largest: Int) = theme("datagrams") {
    law("boundaries are kept: each send is one receive, in order, and says where it came from") {
        val (a, b) = sockets(address)
        val sizes = listOf(1, 1_400, 3, 9_000, 512)
        for (size in sizes) a.sendto(pattern(size, size), b.local)
        for (size in sizes) {
            val (data, from) = b.recvfrom()
            same(data.toByteArray(), pattern(size, size), "$size bytes")
            same(from, a.local, "from")
        }
    }

    law("an empty one is one, in its place, with its sender", EMPTY_DATAGRAMS) {
        val (a, b) = sockets(address)
        val large = ByteBuffer.allocateDirect(70_000)
        for (size in listOf(3, 0, 0, 1, 0)) a.sendto(pattern(size, size), b.local)
        for (size in listOf(
            3,
            0,
            0,
            1,
        )) {
            same(b.recvfrom(), Datagram(ByteString(pattern(size, size)), a.local), "$size bytes")
        }
        same(b.recvfromInto(large), a.local, "from")
        same(large.position(), 0, "size")
        val client = network().bind(address()).connect(b.local)
        for (size in listOf(0, 2, 0)) client.send(pattern(size))
        for (size in listOf(
            0,
            2,
            0,
        )) {
            same(b.recvfrom(), Datagram(ByteString(pattern(size)), client.local), "$size bytes")
        }
        b.sendto("", client.local)
        same(client.recvInto(ByteBuffer.allocate(1)), 0, "count")
    }

    law("an answer goes back where the question came from") {
        val (a, b) = sockets(address)
        repeat(500) {
            a.sendto("$it", b.local)
            val (question, from) = b.recvfrom()
            b.sendto(question, from)
            same(a.recvfrom().data.toByteArray().decodeToString(), "$it", "answer")
        }
    }

    law("the largest is carried, and one byte more is refused and not cut") {
        val (a, b) = sockets(address)
        launch { a.sendto(pattern(largest), b.local) }
        same(b.recvfrom().data.toByteArray(), pattern(largest), "the largest")
        fails<TooLargeException>("one more") { a.sendto(pattern(largest + 1), b.local) }
        a.sendto("x", b.local)
        same(b.recvfrom().data, bytes('x'.code), "after it")
    }

    law("a buffer without room loses nothing: an error, and the datagram can be received still") {
        val (a, b) = sockets(address)
        for (buffer in listOf(ByteBuffer.allocate(99), ByteBuffer.allocateDirect(99))) {
            a.sendto(pattern(100), b.local)
            fails<TooLargeException>("99 for 100") { b.recvfromInto(buffer) }
            same(buffer.position(), 0, "position")
            fails<TooLargeException>("again") { b.recvfromInto(buffer) }
            val room = ByteBuffer.allocate(102).position(1)
            same(b.recvfromInto(room), a.local, "from")
            same(room.array().copyOfRange(1, room.position()), pattern(100), "bytes")
            a.sendto(pattern(50), b.local)
            b.recvfromInto(buffer)
            same(buffer.position(), 50, "the next")
            buffer.clear()
        }
    }

    law("every form of send sends what remains, and no more") {
        val (a, b) = sockets(address)
        val direct = ByteBuffer.allocateDirect(1_000).put(pattern(1_000)).position(10).limit(700)
        for (buffer in listOf(ByteBuffer.wrap(pattern(1_000), 10, 690), direct)) {
            a.sendto(buffer, b.local)
            same(buffer.remaining(), 0, "left in the buffer")
            same(b.recvfrom().data.toByteArray(), pattern(1_000).copyOfRange(10, 700), "bytes")
        }
        a.sendto("naïve 🙂", b.local)
        same(b.recvfrom().data.toByteArray().decodeToString(), "naïve 🙂", "text")
        a.sendto(ByteString(1, 2), b.local)
        same(b.recvfrom().data, bytes(1, 2), "a value")
    }

    law("into direct buffers of every size") {
        val (a, b) = sockets(address)
        val large = ByteBuffer.allocateDirect(70_000)
        for (size in listOf(1, 1_000)) {
            a.sendto(pattern(size), b.local)
            same(b.recvfromInto(large.clear()), a.local, "from")
            same(large.position(), size, "size")
        }
    }

    law("many senders, and many coroutines that send on one socket") {
        val (server, shared) = sockets(address)
        val network = network()
        val senders = List(20) { network.bind(address()) }
        launch {
            for (round in 1..10) senders.map { launch { it.sendto("$round", server.local) } }.forEach { it.join() }
        }
        launch { List(50) { launch { shared.sendto("shared", server.local) } } }
        val counts = HashMap<DatagramAddress, Int>()
        repeat(250) { counts.merge(server.recvfrom().from, 1, Int::plus) }
        same(counts.remove(shared.local), 50, "from the shared one")
        same(counts, senders.associateTo(HashMap()) { it.local to 10 }, "from each")
    }
}

private fun ends(address: () -> DatagramAddress) = theme("one peer") {
    law("a connected socket sends to its peer and drops others' datagrams") {
        val (server, stranger) = sockets(address)
        network().bind(address()).connect(server.local).use { client ->
            same(client.remote, server.local, "remote")
            client.send("hello")
            val (data, from) = server.recvfrom()
            same(data.toByteArray().decodeToString(), "hello", "data")
            same(from, client.local, "from")
            runCatching { stranger.sendto("not you", client.local) }
            server.sendto("you", client.local)
            same(client.recv().toByteArray().decodeToString(), "you", "received")
            val buffer = ByteBuffer.allocate(10)
            server.sendto("abc", client.local)
            same(client.recvInto(buffer), 3, "count")
        }
    }

    law("a peer that is gone is an error of one call, and the socket lives on") {
        val (server, _) = sockets(address)
        val client = network().bind(address()).connect(server.local)
        val gone = server.local
        server.close()
        fails<RefusedException>("nobody there") {
            client.send("1")
            client.recv()
        }
        val again = network().bind(gone)
        client.send("2")
        same(again.recvfrom().data.toByteArray().decodeToString(), "2", "after it")
        again.sendto("3", client.local)
        same(client.recv().toByteArray().decodeToString(), "3", "back")
    }
}

private fun waits(address: () -> DatagramAddress) = theme("waiting") {
    law("a cancelled or timed-out receive loses nothing") {
        val (a, b) = sockets(address)
        repeat(20) {
            same(withTimeoutOrNull(1.milliseconds) { b.recvfrom() }, null, "timed out")
            val waiting = begun { b.recvfrom() }
            waiting.cancelAndJoin()
            a.sendto("$it", b.local)
            same(b.recvfrom().data.toByteArray().decodeToString(), "$it", "after it")
        }
    }

    law("a deadline already past") {
        val (a, b) = sockets(address)
        a.sendto("x", b.local)
        same(withTimeoutOrNull(Duration.ZERO) { b.recvfrom() }, null, "past")
        val got = withTimeoutOrNull(1.nanoseconds) { b.recvfrom() } ?: b.recvfrom()
        same(got.data, bytes('x'.code), "not lost")
    }

    law("cancelled while it arrives: received by one or by the other") {
        val (a, b) = sockets(address)
        repeat(200) {
            var got: Datagram? = null
            val waiting = launch { got = b.recvfrom() }
            settle()
            a.sendto("$it", b.local)
            waiting.cancelAndJoin()
            same((got ?: b.recvfrom()).data.toByteArray().decodeToString(), "$it", "datagram")
        }
    }

    law("two receives at once: the second is Busy, the first goes on") {
        val (a, b) = sockets(address)
        val first = begun { b.recvfrom() }
        fails<BusyException>("second") { b.recvfrom() }
        a.sendto("x", b.local)
        same(first.await().getOrThrow().data, bytes('x'.code), "first")
    }

    law("from any thread") {
        val (a, b) = sockets(address)
        withContext(Dispatchers.Default) {
            val waiting = begun { b.recvfrom() }
            a.sendto("x", b.local)
            same(waiting.await().getOrThrow().data, bytes('x'.code), "received")
            val buffer = ByteBuffer.allocate(10)
            a.sendto("abc", b.local)
            b.recvfromInto(buffer)
            same(buffer.position(), 3, "count")
            a.sendto(pattern(8), b.local)
            fails<TooLargeException>("7 for 8") { b.recvfromInto(buffer) }
            same(b.recvfrom().data.size, 8, "still there")
            repeat(100) {
                var got: Datagram? = null
                val cancelled = launch { got = b.recvfrom() }
                a.sendto("$it", b.local)
                cancelled.cancelAndJoin()
                same((got ?: b.recvfrom()).data.toByteArray().decodeToString(), "$it", "cancelled as it came")
            }
        }
    }

    law("close wakes a receive with Closed; everything after it is Closed; twice is fine") {
        val (a, b) = sockets(address)
        val waiting = begun { b.recvfrom() }
        b.close()
        waiting.await().failedAs<ClosedException>("waiting")
        b.close()
        same(b.isOpen, false, "isOpen")
        fails<ClosedException>("receive") { b.recvfrom() }
        fails<ClosedException>("send") { b.sendto("x", a.local) }
        fails<ClosedException>("connect") { b.connect(a.local) }
        network().bind(b.local).close()
    }

    law("the network's close wakes a receive with Closed") {
        val (_, b) = sockets(address)
        val waiting = begun { b.recvfrom() }
        network().close()
        waiting.await().failedAs<ClosedException>("waiting")
    }
}

private suspend fun Trial.sockets(address: () -> DatagramAddress): Pair<DatagramSocket, DatagramSocket> =
    network().bind(address()) to network().bind(address())
