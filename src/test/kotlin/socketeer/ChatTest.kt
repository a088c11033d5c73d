package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.core.spec.style.scopes.FunSpecContainerScope
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import java.io.BufferedInputStream
import java.io.ByteArrayOutputStream
import java.net.InetSocketAddress
import java.net.Socket
import java.net.SocketException

/**
 * The chat room of the source documents, spoken to by plain sockets: bytes in Latin-1, so that any byte is a character.
 */
class ChatTest :
    FunSpec({
        for (sample in listOf("chat", "Chat.java")) context(sample) { chat(sample) }
    })

private suspend fun FunSpecContainerScope.chat(sample: String) {
    fun room(block: Launch.(Room) -> Unit) = Launch(sample, "0").use { it.block(Room(it.listening())) }

    test("a line reaches everybody else once, in order; not its sender, and nobody who came later") {
        room { room ->
            val (ann, bob, cid) = room.members("ann", "bob", "cid")
            ann.say("one\ntwo\r\n\u00ff\u00fe\n\n")
            for (other in listOf(bob, cid)) {
                other.hears(4) shouldContainExactly
                    listOf("one", "two", "\u00ff\u00fe", "")
            }
            val dan = room.join("dan", ann, bob, cid)
            dan.say("late\n")
            for (other in listOf(ann, bob, cid)) other.hears(1) shouldBe listOf("late")
            bob.say("bye\nexit\n")
            bob.hearsAll() shouldBe emptyList()
            // Ann hears this first, so nothing of her own came back to her.
            for (other in listOf(ann, cid, dan)) other.hears(1) shouldBe listOf("bye")
        }
    }

    test("a half-close leaves: what was said before arrives, an unfinished line isn't said") {
        room { room ->
            val (ann, bob) = room.members("ann", "bob")
            ann.say("whole\nhalf")
            ann.shutdownOutput()
            ann.hearsAll() shouldBe emptyList()
            bob.hears(1) shouldBe listOf("whole")
            room.join("cid", bob).say("next\n")
            bob.hears(1) shouldBe listOf("next")
        }
    }

    test("a line of 64 KiB is said, a longer one ends its sender and nobody else") {
        room { room ->
            val (ann, bob) = room.members("ann", "bob")
            val longest = "x".repeat(65_536)
            ann.say("$longest\n${longest}x\n")
            bob.hears(1) shouldBe listOf(longest)
            ann.hearsAll() shouldBe emptyList()
            room.join("cid", bob).say("next\n")
            bob.hears(1) shouldBe listOf("next")
        }
    }

    test("a member that never reads, and one that vanishes, stall nobody, and the first is dropped") {
        room { room ->
            val (ann, bob, deaf, gone) = room.members("ann", "bob", "deaf", "gone")
            gone.setSoLinger(true, 0)
            gone.close()
            // More than its backlog and all that the kernel holds for it.
            val line = "y".repeat(65_000)
            repeat(300) {
                ann.say("$line\n")
                bob.hears(1) shouldBe listOf(line)
            }
            deaf.hearsAll()
            check(deaf.heard in 1 until 300) { "the deaf member heard ${deaf.heard} lines" }
            bob.say("still here\n")
            ann.hears(1) shouldBe listOf("still here")
        }
    }

    test("a hundred members, each says a line to all the others") {
        room { room ->
            val members = room.members(*Array(100) { "$it" })
            for ((i, member) in members.withIndex()) member.say("from $i\n")
            // Who speaks at the same time is heard in any order, but once.
            for ((i, member) in members.withIndex()) {
                member.hears(99).toSet() shouldBe (members.indices - i).map { "from $it" }.toSet()
            }
        }
    }

    test("on SIGTERM everybody still hears what was said, then the room closes") {
        room { room ->
            val (ann, bob) = room.members("ann", "bob")
            val said = List(1_000) { "line $it" }
            ann.say(said.joinToString("") { "$it\n" })
            signal("TERM")
            bob.hearsAll() shouldBe said
            ann.hearsAll() shouldBe emptyList()
            end() shouldBe 0
        }
    }

    test("its client says what is typed and prints what is heard, both at once") {
        room { room ->
            val ann = room.join("ann")
            Launch("chat-client", "${room.address.port}").use { client ->
                client.type("hello\n", end = false)
                ann.hears(1) shouldBe listOf("hello")
                ann.say("hello yourself\n")
                client.line() shouldBe "hello yourself"
                // The room closes, and the client doesn't wait for somebody to type.
                signal("TERM")
                client.end() shouldBe 0
            }
        }
    }
}

private class Room(val address: InetSocketAddress) {
    /** Comes in and is heard by [present]: so it is a member from now on, and they hear it first. */
    fun join(name: String, vararg present: Member): Member {
        val member = Member(address)
        if (present.isEmpty()) return member.also(::welcome)
        member.say("$name\n")
        for (other in present) other.hears(1) shouldBe listOf(name)
        return member
    }

    /** Somebody speaks until [first], which is alone, hears it; and leaves. */
    private fun welcome(first: Member) {
        val somebody = Member(address)
        while (first.isSilent) somebody.say("anybody?\n")
        somebody.say("there you are\n")
        while (first.hears(1) != listOf("there you are")) continue
        somebody.say("exit\n")
        somebody.hearsAll()
    }

    fun members(vararg names: String): List<Member> =
        names.fold(emptyList()) { present, name -> present + join(name, *present.toTypedArray()) }
}

private class Member(address: InetSocketAddress) : Socket(address.address, address.port) {
    private val input = BufferedInputStream(getInputStream())
    var heard = 0
        private set

    val isSilent: Boolean get() = input.available() == 0

    fun say(text: String) = getOutputStream().write(text.toByteArray(Charsets.ISO_8859_1))

    fun hears(lines: Int): List<String> = List(lines) {
        checkNotNull(line()) { "the room closed after $it of $lines lines" }
    }

    /** Until the room has nothing more for this member: it ended, or broke off. */
    fun hearsAll(): List<String> =
        try {
            generateSequence(::line).toList()
        } catch (_: SocketException) {
            List(heard) { "" }
        }

    private fun line(): String? {
        val line = ByteArrayOutputStream()
        while (true) {
            val byte = input.read()
            if (byte < 0) return null
            if (byte == '\n'.code) return line.toString(Charsets.ISO_8859_1).also { heard++ }
            line.write(byte)
        }
    }
}
