package socketeer.chaos

import java.io.IOException
import java.net.ConnectException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.StandardSocketOptions
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.LongAdder
import kotlin.concurrent.thread
import kotlin.random.Random

/**
 * How a client behaves, and how many in a thousand do.
 *
 * @property behave true if the client got what it was owed: what it said came back, or its fault was answered.
 */
enum class Kind(val words: String, val share: Int, val behave: Client.() -> Boolean) {
    WORD("says a word, hears it, resets", 380, { hears(says(upTo(1_000))) }),
    HALF_CLOSE("says, half-closes, hears it to the end", 180, {
        val said = says(upTo(8_000))
        channel.shutdownOutput()
        hears(said) && hearsTheEnd().also { leaves() }
    }),
    RESET("resets in the middle", 200, {
        says(upTo(20_000))
        if (random.nextBoolean()) hearsSomething() else true
    }),
    VANISH("connects and vanishes", 230, {
        if (random.nextBoolean()) leaves()
        true
    }),
    SILENT("says nothing until it is sent away", 4, { isSentAway { hearsTheEnd() } }),
    DEAF("never reads until it is sent away", 4, { isSentAway { saysOnAndOn() } }),
    DRIP("says a byte a second", 2, {
        (1..2).all {
            Thread.sleep(1_000)
            hears(says(1))
        }
    }),
    ;

    companion object {
        fun any(random: Random): Kind {
            var left = random.nextInt(entries.sumOf { it.share })
            return entries.first {
                left -= it.share
                left < 0
            }
        }
    }
}

/** What came of a client: what it was owed, sent away before, nobody listened, or something that is wrong. */
enum class Outcome { SERVED, TURNED_AWAY, REFUSED, WRONG }

/** One end of a connection, blocking: a client's script is read from top to bottom. */
class Client(val channel: SocketChannel, val random: Random) {
    init {
        // It goes by reset unless it leaves in order: a reset leaves no TIME_WAIT behind.
        channel.setOption(StandardSocketOptions.SO_LINGER, 0)
    }

    fun upTo(most: Int): Int = random.nextInt(1, most + 1)

    fun says(count: Int): ByteArray {
        val bytes = random.nextBytes(count)
        val left = ByteBuffer.wrap(bytes)
        while (left.hasRemaining()) channel.write(left)
        return bytes
    }

    /** Whether all of [said] comes back. Anything else that came would be a bug, not weather. */
    fun hears(said: ByteArray): Boolean {
        val heard = ByteBuffer.allocate(said.size)
        while (heard.hasRemaining()) {
            if (channel.read(heard) < 0) return false
        }
        check(heard.array().contentEquals(said)) { "made-up data came back" }
        return true
    }

    fun hearsSomething(): Boolean = channel.read(ByteBuffer.allocate(100)) > 0

    fun hearsTheEnd(): Boolean = channel.read(ByteBuffer.allocate(1)) < 0

    fun saysOnAndOn(): Nothing {
        while (true) says(64 * 1024)
    }

    fun leaves() {
        channel.setOption(StandardSocketOptions.SO_LINGER, -1)
    }

    /** Whether the server ends it, in order or by reset. */
    inline fun isSentAway(behave: () -> Boolean): Boolean =
        try {
            behave()
        } catch (_: IOException) {
            true
        }
}

/** Clients of every kind, as many at once as there are threads. */
private class Storm(private val server: InetSocketAddress, private val seed: Long) {
    private val outcomes = ConcurrentHashMap<String, LongAdder>()
    private val begun = AtomicInteger()
    private var before = 0

    /** Says `half` when half of [count] clients are under way, and at the end what came of them. */
    fun rage(count: Int) {
        outcomes.clear()
        begun.set(0)
        List(PLACES) { thread { clients(count) } }.forEach { it.join() }
        before += count
        say("done", outcomes.mapValues { it.value.sum() })
    }

    private fun clients(count: Int) {
        while (true) {
            val n = begun.getAndIncrement()
            if (n >= count) return
            if (n == count / 2) say("half")
            val random = Random(seed + before + n)
            val kind = Kind.any(random)
            outcomes.computeIfAbsent("$kind.${outcome(kind, before + n, random)}") { LongAdder() }.increment()
        }
    }

    private fun outcome(kind: Kind, n: Int, random: Random): Outcome {
        val channel =
            try {
                connect(n)
            } catch (_: ConnectException) {
                return Outcome.REFUSED
            } catch (_: IOException) {
                return Outcome.TURNED_AWAY
            }
        return channel.use {
            try {
                if (Client(it, random).run(kind.behave)) Outcome.SERVED else Outcome.TURNED_AWAY
            } catch (_: IOException) {
                Outcome.TURNED_AWAY
            } catch (cause: IllegalStateException) {
                System.err.println("$kind: $cause")
                Outcome.WRONG
            }
        }
    }

    /** From one of many addresses, each of which has ports of its own. */
    fun connect(n: Int): SocketChannel {
        val channel = SocketChannel.open()
        try {
            channel.bind(InetSocketAddress(InetAddress.getByAddress(byteArrayOf(127, 0, 0, (2 + n % 64).toByte())), 0))
            channel.connect(server)
            return channel
        } catch (cause: IOException) {
            channel.close()
            throw cause
        }
    }
}

/** A process of clients, `PORT SEED`: told `storm COUNT`, or `flood COUNT`, who say a byte and stay until the `ebb`. */
fun main(args: Array<String>) {
    val storm = Storm(InetSocketAddress("127.0.0.1", args[0].toInt()), args[1].toLong())
    var flood = emptyList<SocketChannel>()
    for (line in generateSequence(::readlnOrNull)) {
        val count = line.substringAfter(' ', "").toIntOrNull() ?: 0
        when (line.substringBefore(' ')) {
            // Goes on while the ebb comes.
            "storm" -> thread { storm.rage(count) }
            "flood" -> {
                flood = List(count) { storm.connect(it) }
                flood.forEach { it.saysAByte() }
                say("flooded")
            }
            "ebb" -> say("ebbed", mapOf("told" to flood.count { it.hasEnded() }.toLong()))
        }
    }
}

/** So that it is not sent away for its silence. */
private fun SocketChannel.saysAByte() {
    try {
        write(ByteBuffer.allocate(1))
    } catch (_: IOException) {
        // It has been sent away already, for want of a descriptor.
    }
}

/** Whether the server has ended it; it is reset in any case. */
private fun SocketChannel.hasEnded(): Boolean = use {
    it.setOption(StandardSocketOptions.SO_LINGER, 0)
    it.configureBlocking(false)
    try {
        it.read(ByteBuffer.allocate(1)) < 0 || it.read(ByteBuffer.allocate(1)) < 0
    } catch (_: IOException) {
        true
    }
}

/** Fewer than the server has descriptors. */
private const val PLACES = 150
