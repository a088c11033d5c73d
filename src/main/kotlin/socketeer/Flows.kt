package socketeer

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.runBlocking
import kotlinx.io.Buffer
import kotlinx.io.RawSink
import kotlinx.io.RawSource
import kotlinx.io.Sink
import kotlinx.io.Source
import kotlinx.io.buffered
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.decodeToString
import kotlinx.io.readByteString
import kotlinx.io.write

/*
 * A stream in the form of a file: Python's makefile. As Flow for coroutines, as kotlinx-io Source and Sink for code
 * that blocks.
 */

/** What comes, as it comes, until the end of the stream: pieces of 1 to [max] bytes. Errors as [Connection.recv]. */
public fun Connection.chunks(max: Int = DEFAULT_RECV): Flow<ByteString> = flow {
    while (true) emit(recv(max) ?: break)
}

/**
 * The lines in these bytes, as text in UTF-8 without their ends, LF or CRLF; the last one even if it has no end.
 *
 * For frames with all their laws, and for both directions, see [framed].
 *
 * @param max the most bytes of a line, its end not counted.
 * @throws TooLargeException a line is longer.
 */
public fun Flow<ByteString>.lines(max: Int = DEFAULT_RECV): Flow<String> = flow {
    val rest = Buffer()
    var searched = 0L
    collect { chunk ->
        rest.write(chunk)
        while (true) {
            val end = rest.indexOfEnd(searched)
            if (end < 0) break
            checkLine(end, max)
            emit(rest.line(end))
            rest.skip(1)
            searched = 0
        }
        searched = rest.size
        // Its end may be two bytes, and the second not here yet.
        checkLine(rest.size - 1, max)
    }
    if (!rest.exhausted()) {
        checkLine(rest.size, max)
        emit(rest.line(rest.size))
    }
}

private fun Buffer.indexOfEnd(from: Long): Long = if (from >= size) -1 else indexOf('\n'.code.toByte(), from)

private fun Buffer.indexOf(byte: Byte, from: Long): Long {
    for (i in from until size) if (this[i] == byte) return i
    return -1
}

private fun Buffer.line(size: Long): String {
    val line = readByteString(size.toInt())
    val cut = line.size - if (line.size > 0 && line[line.size - 1] == '\r'.code.toByte()) 1 else 0
    return line.substring(0, cut).decodeToString()
}

private fun checkLine(size: Long, max: Int) {
    if (size > max + 1) throw TooLargeException("a line of more than $max bytes")
}

/**
 * What comes, for code that blocks: each read waits until something is there. For any thread but a loop's, which it
 * would hold; closing the source shuts down receiving.
 */
public fun Connection.source(): Source = ConnectionSource(this).buffered()

/** For code that blocks: a flush returns when the kernel has it all. Closing the sink flushes and ends sending. */
public fun Connection.sink(): Sink = ConnectionSink(this).buffered()

private class ConnectionSource(private val connection: Connection) : RawSource {
    override fun readAtMostTo(sink: Buffer, byteCount: Long): Long {
        val max = byteCount.coerceAtMost(DEFAULT_RECV.toLong()).toInt()
        if (max == 0) return 0
        val bytes = runBlocking { connection.recv(max) } ?: return -1
        sink.write(bytes)
        return bytes.size.toLong()
    }

    override fun close() {
        if (connection.isOpen) runBlocking { connection.shutdown(Direction.READ) }
    }
}

private class ConnectionSink(private val connection: Connection) : RawSink {
    override fun write(source: Buffer, byteCount: Long) {
        var left = byteCount
        while (left > 0) {
            val piece = source.readByteString(left.coerceAtMost(DEFAULT_RECV.toLong()).toInt())
            runBlocking { connection.send(piece) }
            left -= piece.size
        }
    }

    override fun flush() {}

    override fun close() {
        if (connection.isOpen) runBlocking { connection.shutdown(Direction.WRITE) }
    }
}
