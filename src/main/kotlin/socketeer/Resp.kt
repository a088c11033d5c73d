package socketeer

import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.encodeToByteString

private val CRLF = "\r\n".encodeToByteString()
private const val MAX_BULK = 512 * 1024 * 1024

/** Four bytes a level are all it takes to nest; beyond some hundreds the stack would end first. */
private const val MAX_NESTED = 64

/**
 * What Redis answers, in version 2 of its protocol: see [respReplies]. Source: redis.io, "Serialization protocol".
 */
public sealed interface Resp {
    /** One line, `+OK`; [text] is without CR and LF. */
    public data class Simple(val text: ByteString) : Resp

    /** One line, `-ERR syntax error`: a code, then words; [text] is without CR and LF. */
    public data class Failure(val text: ByteString) : Resp

    /** `:42` */
    public data class Number(val value: Long) : Resp

    /** Any bytes, or nothing: null. At most 512 MiB. */
    public data class Bulk(val bytes: ByteString?) : Resp

    /** Replies in their order, or nothing: null. */
    public data class Many(val items: List<Resp>?) : Resp

    public companion object {
        /**
         * The reply that [value] plainly is: a reply, bytes or null ([Bulk]), a whole number, true and false as 1 and
         * 0, a collection of these.
         *
         * @throws IllegalArgumentException for anything else.
         */
        public fun of(value: Any?): Resp =
            when (value) {
                is Resp -> value
                is ByteString? -> Bulk(value)
                is Boolean -> Number(if (value) 1 else 0)
                is Long, is Int -> Number((value as kotlin.Number).toLong())
                is Collection<*> -> Many(value.map(::of))
                else -> throw IllegalArgumentException("bytes, a whole number, a Boolean or a collection, was $value")
            }

        /**
         * The failure that says [text], as Latin-1, on one line: each CR and LF is a space in it, at its end nothing.
         */
        public fun failure(text: String): Failure =
            Failure(latin1(text.trimEnd('\r', '\n').replace('\r', ' ').replace('\n', ' ')))
    }
}

/**
 * What Redis is told: words of any bytes, each at most 512 MiB, as arrays of bulk strings or, decoding only, as a line
 * that somebody typed, with quotes and escapes. None at all is an empty list.
 *
 * It accepts and refuses what Redis 7 does, in its words ([FrameException.reason]): what stands behind a CR or a bulk
 * string isn't looked at, and a line with a NUL in it never ends.
 */
public fun respCommands(): Codec<List<ByteString>> = commands

/**
 * What Redis answers, strictly. Commands go one way and replies the other: two framings on one connection. Lists are in
 * lists at most 64 deep.
 */
public fun respReplies(): Codec<Resp> = replies

/** What a line begins with; an empty one with the CR behind it, in Redis's words. */
private class Sign(private val char: Char) : Codec<Unit>, Decoder<Unit> {
    override val maxBytes get() = 1

    override fun encode(value: Unit, output: Output) = output.write(char.code)

    override fun decoder() = this

    override fun decode(input: Input): Unit? {
        if (!input.ended && !input.has(1)) return null
        val there = if (input.has(1)) input.readByte().toChar() else '\r'
        if (there != char) input.malformed("expected '$char', got '$there'")
        return Unit
    }
}

private fun header(char: Char, line: String, name: String, range: LongRange): Codec<Long> {
    val number = integer().map({ it.also { require(it in range) } }, { it }).refusedAs("invalid $name length")
    return cLines(number.after(Sign(char)), CRLF).refusedAs(tooLarge = "too big $line count string")
}

private val word =
    lengthPrefixed(Length.Written(header('$', "bulk", "bulk", 0L..MAX_BULK)), max = MAX_BULK).before(padding(CRLF))
private val wordCount =
    header('*', "mbulk", "multibulk", Long.MIN_VALUE..Int.MAX_VALUE).map({ maxOf(it, 0).toInt() }, Int::toLong)
private val typed =
    cLines(bytes().map(::wordsOf, ::lineOf), "\n".encodeToByteString()).refusedAs(tooLarge = "too big inline request")
private val commands = word.repeat(wordCount, Int.MAX_VALUE, MAX_ARRAY).ifNext('*'.code.toByte(), otherwise = typed)

// A word is bare, then perhaps one in quotes, which ends it; what is left over isn't a word.
private const val QUOTED = """(?:"((?:\\.|[^"\\])*+)"|'((?:\\'|[^'])*+)')?+(?=\s|\z)"""
private val WORD = Regex("""\G\s*+(?!\z)(?:([^ \n\r\t"']*+)$QUOTED|(.+))""", RegexOption.DOT_MATCHES_ALL)
private val ESCAPE = Regex("""\\(?:x(\p{XDigit}{2})|(.))""", RegexOption.DOT_MATCHES_ALL)
private val ESCAPES = mapOf("n" to "\n", "r" to "\r", "t" to "\t", "b" to "\b", "a" to "\u0007")

private fun wordsOf(line: ByteString): List<ByteString> =
    WORD.findAll(line.latin1().removeSuffix("\r")).map { found ->
        val (bare, double, single, broken) = found.destructured
        require(broken.isEmpty()) { "unbalanced quotes in request" }
        latin1(bare + ESCAPE.replace(double, ::unescaped) + single.replace("\\'", "'"))
    }.toList()

private fun unescaped(escape: MatchResult): String {
    val (hex, char) = escape.destructured
    return if (hex.isEmpty()) ESCAPES[char] ?: char else hex.toInt(16).toChar().toString()
}

private fun lineOf(words: List<ByteString>): ByteString =
    latin1(words.joinToString(" ") { word -> "\"${word.latin1().map(::escaped).joinToString("")}\"" })

private fun escaped(char: Char) = "\\x%02x".format(char.code)

internal fun ByteString.latin1() = String(arrayOf(this), Charsets.ISO_8859_1)

internal fun latin1(text: String) = wrap(text.toByteArray(Charsets.ISO_8859_1))

private val replies = Replies(MAX_NESTED)

/** Replies whose lists are at most [nested] deep. */
private class Replies(private val nested: Int) : Codec<Resp> {
    private val items by lazy(LazyThreadSafetyMode.PUBLICATION) { Replies(nested - 1) }
    private val line = lines(bytes(), LineEnd.CRLF)
    private val number = lines(integer(), LineEnd.CRLF)
    private val size =
        number.map({ it.also { require(it in -1..MAX_BULK) { "-1 <= size <= $MAX_BULK expected, was $it" } } }, { it })
    private val nothing = fixed(0)
    private val none = nothing.map({ emptyList<Resp>() }, { NO_BYTES })
    private val bulk =
        size.body(MAX_ARRAY) { n -> if (n < 0) nothing else fixed(n.toInt()).before(CRLF) }
            .map({ (n, it) -> Resp.Bulk(it.takeIf { n >= 0 }) }, { sizeOf(it.bytes?.size) to (it.bytes ?: NO_BYTES) })
    private val many =
        size.map({ it.also(::requireShallow) }, { it })
            .body(MAX_ARRAY) { n -> if (n <= 0) none else items.repeat(n.toInt(), MAX_ARRAY) }
            .map({ (n, items) -> Resp.Many(items.takeIf { n >= 0 }) }, { sizeOf(it.items?.size) to it.items.orEmpty() })
    private val any =
        tagged(
            uint8(),
            case('+'.code, line.map(Resp::Simple, Resp.Simple::text)),
            case('-'.code, line.map(Resp::Failure, Resp.Failure::text)),
            case(':'.code, number.map(Resp::Number, Resp.Number::value)),
            case('$'.code, bulk),
            case('*'.code, many),
        )

    private fun requireShallow(size: Long) =
        require(nested > 0 || size <= 0) { "lists in lists <= $MAX_NESTED deep expected, was one more" }

    private fun sizeOf(size: Int?) = size?.toLong() ?: -1

    override val maxBytes get() = any.maxBytes

    // The same bytes as the headers and their bodies above write, without an object for each: lists are made of bulks.
    private val given =
        lengthPrefixed(Length.Decimal("\r\n"), max = MAX_BULK, trailer = CRLF).after("$".encodeToByteString())
    private val count = decimal("\r\n", MAX_BULK.toLong()).after("*".encodeToByteString())

    override fun encode(value: Resp, output: Output) {
        val bytes = (value as? Resp.Bulk)?.bytes
        val items = (value as? Resp.Many)?.items
        when {
            bytes != null -> given.encode(bytes, output)
            items != null -> encodeAll(items, output)
            else -> any.encode(value, output)
        }
    }

    private fun encodeAll(items: List<Resp>, output: Output) {
        requireShallow(items.size.toLong())
        count.encode(items.size.toLong(), output)
        for (item in items) this.items.encode(item, output)
    }

    override fun decoder() = any.decoder()
}
