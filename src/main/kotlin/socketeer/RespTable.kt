package socketeer

import kotlinx.io.bytestring.ByteString

/** How much Redis says of a word that it doesn't know, and of all the words behind it. */
private const val SAID = 128

/**
 * A command of a server that speaks Redis's protocol: see [RespTable].
 *
 * @property name in lower case; a part of another command has that one's name and a bar in front, `config|get`.
 * @property words how many it takes; its name is one of them, a part's are two.
 * @property answer what it answers to these words, the name in front: what [Resp.of] takes, or it throws [RespRefusal].
 */
public class RespCommand(
    public val name: String,
    public val words: IntRange,
    public val answer: List<ByteString>.() -> Any?,
) {
    init {
        val names = name.split('|')
        require(names.size <= 2 && names.all { it.isNotEmpty() }) { "a name, or two with a bar between, was '$name'" }
        require(name == name.lowercase()) { "name in lower case, was '$name'" }
        require(words.first >= names.size) { "words >= ${names.size}, was $words" }
    }
}

/**
 * A command refuses what it was told; has no stack trace.
 *
 * @property text what the [Resp.failure] says, a code and words: `ERR syntax error`.
 */
public class RespRefusal(public val text: String) : RuntimeException(text, null, false, false)

/**
 * The commands that a server knows, and what it says to those that it doesn't know: what Redis 7 says. Words come as
 * [respCommands], replies go as [respReplies].
 *
 * @param commands in any order, parts too; a part's command need not be one by itself.
 * @throws IllegalArgumentException if two have one name.
 */
public class RespTable(vararg commands: RespCommand) {
    /** What begins with one name: the command of that name alone, if there's one, and its parts. */
    private class Known(val whole: RespCommand?, val parts: Map<String, RespCommand>)

    private val known: Map<String, Known>

    init {
        val twice = commands.groupBy { it.name }.values.find { it.size > 1 }
        require(twice == null) { "each name once, '${twice?.first()?.name}' is there twice" }
        known = commands.groupBy { it.name.substringBefore('|') }.mapValues { (name, all) ->
            val (whole, parts) = all.partition { it.name == name }
            Known(whole.singleOrNull(), parts.associateBy { it.name.substringAfter('|') })
        }
    }

    /**
     * What the command that [words] name answers to them, what it refuses them with, or what is wrong with them: there's
     * no such command, or it takes another number of words.
     *
     * @param words 1 or more, the name first, in any case.
     */
    public fun reply(words: List<ByteString>): Resp {
        require(words.isNotEmpty()) { "words >= 1, was 0" }
        return try {
            Resp.of(answer(words))
        } catch (refusal: RespRefusal) {
            Resp.failure(refusal.text)
        }
    }

    private fun answer(words: List<ByteString>): Any? {
        val name = words[0].latin1().lowercase()
        val found = known[name] ?: unknown(words)
        val command =
            when {
                found.parts.isEmpty() || words.size == 1 -> found.whole
                else -> found.parts[words[1].latin1().lowercase()] ?: unknownPart(name, words[1])
            }
        if (command == null || words.size !in command.words) {
            throw RespRefusal("ERR wrong number of arguments for '${command?.name ?: name}' command")
        }
        return command.answer(words)
    }

    private fun unknownPart(name: String, part: ByteString): Nothing =
        throw RespRefusal("ERR unknown subcommand '${part.said(SAID)}'. Try ${name.uppercase()} HELP.")

    private fun unknown(words: List<ByteString>): Nothing {
        val rest = StringBuilder()
        for (word in words.drop(1)) if (rest.length < SAID) rest.append("'${word.said(SAID - rest.length)}' ")
        throw RespRefusal("ERR unknown command '${words[0].said(SAID)}', with args beginning with: $rest")
    }

    // As C's printf("%.*s") says it: up to a NUL, and no more than that many bytes.
    private fun ByteString.said(most: Int) = latin1().substringBefore('\u0000').take(most)
}
