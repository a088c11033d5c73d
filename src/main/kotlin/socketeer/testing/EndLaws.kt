package socketeer.testing

import kotlinx.coroutines.launch
import socketeer.BrokenException
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Connection
import socketeer.Direction
import socketeer.testing.Ability.HALF_CLOSE
import socketeer.testing.Ability.RESET
import java.nio.ByteBuffer

internal val endLaws =
    theme("ends") {
        law("the clean end is null and stays null") {
            val (a, b) = pair()
            a.close()
            repeat(3) { b.isAtItsEnd() }
        }

        law("what was sent before close all arrives, then the end") {
            val (a, b) = pair()
            a.send(pattern(32_000))
            a.close()
            same(b.toEnd(), pattern(32_000), "read after the close")
            val (c, d) = pair()
            launch {
                c.send(pattern(MIB))
                c.close()
            }
            same(d.toEnd(), pattern(MIB), "read while it comes")
        }

        law("after shutdown(WRITE) the other direction carries 1 MiB", HALF_CLOSE) {
            val (a, b) = pair()
            a.sendAndEnd(pattern(100))
            same(b.toEnd(), pattern(100), "before the half-close")
            launch { b.sendAndEnd(pattern(MIB)) }
            same(a.toEnd(), pattern(MIB), "after it")
            same(b.recv(), null, "still the end")
        }

        law("shutdown(WRITE) ends sending here, twice is once, receiving goes on", HALF_CLOSE) {
            val (a, b) = pair()
            repeat(2) { a.shutdown(Direction.WRITE) }
            fails<ClosedException>("send after shutdown") { a.send("x") }
            b.isAtItsEnd()
            b.send("abc")
            same(a.exactly(3).decodeToString(), "abc", "received")
            expect(a.isOpen) { "a half-closed connection is open" }
        }

        law("shutdown(READ): what has come can be received, then null; sending goes on", HALF_CLOSE) {
            val (a, b) = pair()
            a.send("abcd")
            b.peek(4)
            a.send("ef")
            repeat(2) { b.shutdown(Direction.READ) }
            same(b.exactly(4).decodeToString(), "abcd", "what had come")
            val rest = b.toEnd().decodeToString()
            expect(rest == "ef" || rest == "") { "what was on the way: \"$rest\"" }
            b.isAtItsEnd()
            b.send("ok")
            same(a.exactly(2).decodeToString(), "ok", "the other way")
            a.send("too late")
            b.send("ok")
            same(a.exactly(2).decodeToString(), "ok", "still")
            b.isAtItsEnd()
        }

        law("shutdown(READ) ends a waiting recv with null", HALF_CLOSE) {
            val (_, b) = pair()
            val waiting = begun { b.recv() }
            b.shutdown(Direction.READ)
            same(waiting.await().getOrThrow(), null, "recv")
        }

        law("shutdown(WRITE) in the middle of a send is Busy, and the send goes on", HALF_CLOSE) {
            val (a, b) = pair()
            val waiting = begun { a.send(flood) }
            fails<BusyException>("shutdown beside a send") { a.shutdown(Direction.WRITE) }
            same(b.exactly(MUCH), flood, "all of it")
            waiting.await().getOrThrow()
            a.shutdown(Direction.WRITE)
            b.isAtItsEnd()
        }

        law("shutdown(BOTH) ends both, the connection stays open", HALF_CLOSE) {
            val (a, b) = pair()
            a.shutdown(Direction.BOTH)
            b.isAtItsEnd()
            a.isAtItsEnd()
            fails<ClosedException>("send") { a.send("x") }
            expect(a.isOpen) { "open until closed" }
        }

        law("close with unread bytes: the peer sees a reset or the end, nothing made up, no hang") {
            val (a, b) = pair()
            b.send(pattern(500))
            a.send(pattern(1_000))
            a.peek(1)
            a.close()
            val got = runCatching { b.toEnd() }
            got.onSuccess { same(it, pattern(1_000), "before the end") }
            got.onFailure { expect(it is BrokenException) { "expected Broken or the end, was $it" } }
        }

        law("abort is a reset, and it stays", RESET) {
            val (a, b) = pair()
            a.abort()
            repeat(3) { b.isBroken() }
            fails<ClosedException>("recv on the aborted end") { a.recv() }
            fails<ClosedException>("send on the aborted end") { a.send("x") }
        }

        law("a reset wakes a waiting recv with Broken", RESET) {
            val (a, b) = pair()
            val waiting = begun { b.recv() }
            a.abort()
            waiting.await().failedAs<BrokenException>("recv")
            b.isBroken()
        }

        law("a reset wakes a waiting send with Broken", RESET) {
            val (a, b) = pair()
            val waiting = begun { b.send(flood) }
            a.abort()
            waiting.await().failedAs<BrokenException>("send")
            fails<BrokenException>("the next send") { b.send("x") }
        }

        law("a reset wakes recv and send that wait at once", RESET) {
            val (a, b) = pair()
            val receiving = begun { b.recv() }
            val sending = begun { b.send(flood) }
            a.abort()
            receiving.await().failedAs<BrokenException>("recv")
            sending.await().failedAs<BrokenException>("send")
        }

        law("sending to a closed peer ends with Broken after a bounded number of bytes") {
            val (a, b) = pair()
            a.close()
            b.isAtItsEnd()
            val block = ByteArray(65_536)
            fails<BrokenException>("send") { while (b.sent < MUCH) b.send(block) }
            fails<BrokenException>("the next send") { b.send("x") }
        }
    }

internal suspend fun Connection.isAtItsEnd() {
    same(recv(), null, "recv at the end")
    same(recvInto(ByteBuffer.allocate(9)), -1, "recvInto at the end")
    same(recvExactly(4), null, "recvExactly at the end")
    same(peek(4), null, "peek at the end")
}

private suspend fun Connection.isBroken() {
    fails<BrokenException>("recv") { recv() }
    fails<BrokenException>("recvInto") { recvInto(ByteBuffer.allocate(9)) }
    fails<BrokenException>("recvExactly") { recvExactly(1) }
    fails<BrokenException>("peek") { peek(1) }
    fails<BrokenException>("send") { send("x") }
}
