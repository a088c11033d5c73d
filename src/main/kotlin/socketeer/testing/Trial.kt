package socketeer.testing

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import socketeer.Connection
import socketeer.Listener
import socketeer.Network
import socketeer.StreamAddress
import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.util.Arrays
import kotlin.io.path.listDirectoryEntries

/** One case while it is tried: makes what the case asks for and ends all of it afterwards. */
internal class Trial(private val maker: Maker, scope: CoroutineScope) : CoroutineScope by scope {
    private val ends = ArrayList<Connection>()
    private var made: Network? = null
    private var meeting: Listener? = null

    val address: StreamAddress get() = maker.address()

    suspend fun network(): Network = made ?: maker.network!!().also { made = it }

    suspend fun listener(backlog: Int = 128): Listener = network().bind(address).listen(backlog)

    /** Two connected ends. */
    suspend fun pair(): Pair<Connection, Connection> {
        val made = maker.pair?.invoke() ?: met(meeting ?: listener().also { meeting = it })
        ends += made.first
        ends += made.second
        return made
    }

    /** A connection and its accepted other end. */
    suspend fun met(listener: Listener): Pair<Connection, Connection> {
        val near = network().connect(listener.local).alsoEnds()
        return near to listener.accept().alsoEnds()
    }

    fun Connection.alsoEnds(): Connection = also { ends += it }

    suspend fun exhausted(block: suspend () -> Unit) = maker.exhaust!!(block)

    suspend fun end(): Unit =
        withContext(NonCancellable) {
            ends.forEach { it.abort() }
            made?.close()
        }
}

/** Plays [body] with a trial of its own; what it launched is over when this returns. */
internal suspend fun tried(maker: Maker, body: suspend Trial.() -> Unit) {
    coroutineScope {
        val trial = Trial(maker, this)
        try {
            trial.body()
        } finally {
            trial.end()
        }
    }
}

/** [call], begun: it has gone as far as it can without an event. */
internal suspend fun <T> CoroutineScope.begun(call: suspend () -> T): Deferred<Result<T>> {
    val running = async(start = CoroutineStart.UNDISPATCHED) { runCatching { call() } }
    settle()
    return running
}

/** Gives everything that could go on the chance to, however often it hands over. */
internal suspend fun settle(): Unit = repeat(TURNS) { yield() }

/** Never completes: what a case waits for when it wants its deadline. */
internal suspend fun never(): Nothing = CompletableDeferred<Nothing>().await()

/** [size] bytes in which a lost, doubled or moved byte shows. */
internal fun pattern(size: Int, seed: Int = 1): ByteArray {
    var state = seed * 2 + 1
    return ByteArray(size) {
        state = state * FACTOR + STEP
        (state ushr SHIFT).toByte()
    }
}

/** More bytes than the buffers between two ends may hold. Not to be written to. */
internal val flood: ByteArray by lazy { pattern(MUCH) }

internal const val MIB = 1 shl 20
internal const val MUCH = 64 * MIB

/** All that comes until the end of the stream. */
internal suspend fun Connection.toEnd(max: Int = 65_536): ByteArray {
    val all = java.io.ByteArrayOutputStream()
    while (true) all.writeBytes((recv(max) ?: return all.toByteArray()).toByteArray())
}

internal suspend fun Connection.exactly(n: Int): ByteArray =
    recvExactly(n)?.toByteArray() ?: throw AssertionError("the end of the stream, expected $n bytes")

internal fun bytes(vararg values: Int): ByteString = ByteString(ByteArray(values.size) { values[it].toByte() })

/** How many sockets this process has open. */
internal fun socketsOfThisProcess(): Int =
    Path.of("/proc/self/fd").listDirectoryEntries().count {
        try {
            Files.readSymbolicLink(it).toString().startsWith("socket:")
        } catch (_: NoSuchFileException) {
            false
        }
    }

internal fun expect(holds: Boolean, what: () -> String) {
    if (!holds) throw AssertionError(what())
}

internal fun <T> same(actual: T, expected: T, what: String): Unit =
    expect(actual == expected) { "$what: expected $expected, was $actual" }

internal fun same(actual: ByteArray, expected: ByteArray, what: String) {
    same(actual.size, expected.size, "$what, size")
    val at = Arrays.mismatch(actual, expected)
    expect(at < 0) { "$what: differs first at byte $at of ${expected.size}" }
}

/** The failure of type [E] that [block] must end with. */
internal inline fun <reified E : Throwable> fails(what: String, block: () -> Unit): E {
    val outcome = runCatching(block)
    return outcome.failedAs(what)
}

internal inline fun <reified E : Throwable> Result<*>.failedAs(what: String): E {
    val failure =
        exceptionOrNull() ?: throw AssertionError("$what: expected ${E::class.simpleName}, got ${getOrNull()}")
    return failure as? E ?: throw AssertionError("$what: expected ${E::class.simpleName}, was $failure", failure)
}

private const val TURNS = 20
private const val FACTOR = 1_103_515_245
private const val STEP = 12_345
private const val SHIFT = 16
