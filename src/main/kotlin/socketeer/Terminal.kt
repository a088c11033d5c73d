package socketeer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.onFailure
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import java.io.IOException
import kotlin.concurrent.thread

/**
 * Standard input as it comes, until its end; beside sockets, it is waited for without holding the loop.
 *
 * To be collected once: what was typed for a collector that has gone by then is lost.
 */
public fun stdin(): Flow<ByteString> = flow {
    val chunks = Channel<ByteString>()
    // Nothing can interrupt a read of standard input, so it has a thread that nobody waits for.
    thread(isDaemon = true, name = "socketeer-stdin") { chunks.fillFromStdin() }
    try {
        for (chunk in chunks) emit(chunk)
    } finally {
        chunks.cancel()
    }
}

/**
 * Writes all of [bytes] to standard output, as they are, without holding the loop.
 *
 * @throws BrokenException nobody reads standard output any more.
 */
public suspend fun stdout(bytes: ByteString): Unit = withContext(Dispatchers.IO) {
    System.out.write(bytes.toByteArray())
    if (System.out.checkError()) throw BrokenException("write to standard output: nobody reads it any more")
}

private fun Channel<ByteString>.fillFromStdin() {
    val buffer = ByteArray(DEFAULT_RECV)
    try {
        while (true) {
            val n = System.`in`.read(buffer)
            if (n < 0) break
            trySendBlocking(ByteString(buffer, 0, n)).onFailure { return }
        }
        close()
    } catch (cause: IOException) {
        close(BrokenException("read from standard input: ${cause.message}", cause))
    }
}
