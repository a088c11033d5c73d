package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.StringSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain

/** A server's commands; RedisTest holds the words beside the real one's. */
class RespTableTest : StringSpec({
    val table =
        RespTable(
            RespCommand("echo", 2..2) { this[1] },
            RespCommand("count", 1..Int.MAX_VALUE) { size - 1 },
            RespCommand("no", 1..2) { throw RespRefusal("NO ${get(1).text()}") },
            RespCommand("config|get", 3..4) { drop(2) },
            RespCommand("config|set", 4..4) { false },
            RespCommand("client", 1..1) { null },
            RespCommand("client|list", 2..2) { emptyList<Any>() },
        )

    fun asked(vararg words: String) = table.reply(words.map(::latin1))

    "a command is found in any case, and its answer is what Resp.of makes of it" {
        asked("echo", "x") shouldBe Resp.Bulk(ascii("x"))
        asked("ECHO", "x") shouldBe Resp.Bulk(ascii("x"))
        asked("Count", "a", "b") shouldBe Resp.Number(2)
        asked("client") shouldBe Resp.Bulk(null)
    }

    "a part is found by two names" {
        asked("CONFIG", "Get", "a", "b") shouldBe Resp.of(listOf(ascii("a"), ascii("b")))
        asked("config", "set", "a", "b") shouldBe Resp.Number(0)
        asked("client", "list") shouldBe Resp.Many(emptyList())
        asked("config|get", "a") shouldBe refused("ERR unknown command 'config|get', with args beginning with: 'a' ")
    }

    "another number of words, for all of a command and for a part of it" {
        asked("echo") shouldBe refused("ERR wrong number of arguments for 'echo' command")
        asked("ECHO", "a", "b") shouldBe refused("ERR wrong number of arguments for 'echo' command")
        asked("CONFIG") shouldBe refused("ERR wrong number of arguments for 'config' command")
        asked("config", "GET") shouldBe refused("ERR wrong number of arguments for 'config|get' command")
        asked("client", "list", "x") shouldBe refused("ERR wrong number of arguments for 'client|list' command")
    }

    "none such: what there was is said up to a NUL, 128 bytes of the name and about as many of the rest" {
        asked("a\u0000b", "c\u0000d", "\u00e9") shouldBe
            refused("ERR unknown command 'a', with args beginning with: 'c' '\u00e9' ")
        asked("x".repeat(129)) shouldBe
            refused("ERR unknown command '${"x".repeat(128)}', with args beginning with: ")
        asked("x", "y".repeat(100), "z".repeat(100), "w") shouldBe
            refused("ERR unknown command 'x', with args beginning with: '${"y".repeat(100)}' '${"z".repeat(25)}' ")
        asked("config", "x".repeat(129)) shouldBe
            refused("ERR unknown subcommand '${"x".repeat(128)}'. Try CONFIG HELP.")
    }

    "a failure is one line" {
        asked("no", "a\r\nb\n\r") shouldBe refused("NO a  b")
        asked("a\nb") shouldBe refused("ERR unknown command 'a b', with args beginning with: ")
        Resp.failure("\r\u00e9\n") shouldBe refused(" \u00e9")
    }

    "what it throws else is not an answer" {
        shouldThrow<IndexOutOfBoundsException> { asked("no") }
        shouldThrow<IllegalArgumentException> { table.reply(emptyList()) }.message shouldBe "words >= 1, was 0"
    }

    "a table is refused when it is built" {
        fun refusal(block: () -> Unit) = shouldThrow<IllegalArgumentException>(block).message.orEmpty()
        refusal { RespCommand("GET", 2..2) { null } } shouldContain "was 'GET'"
        refusal { RespCommand("", 1..2) { null } } shouldContain "was ''"
        refusal { RespCommand("a|b|c", 3..3) { null } } shouldContain "was 'a|b|c'"
        refusal { RespCommand("a|b", 1..3) { null } } shouldBe "words >= 2, was 1..3"
        val one = RespCommand("a", 1..1) { null }
        val part = RespCommand("a|b", 2..2) { null }
        refusal { RespTable(one, one) } shouldBe "each name once, 'a' is there twice"
        refusal { RespTable(part, one, part) } shouldBe "each name once, 'a|b' is there twice"
    }
})

private fun refused(text: String) = Resp.Failure(latin1(text))
