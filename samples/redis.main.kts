@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.io.bytestring.ByteString
import socketeer.*
import kotlin.text.RegexOption.DOT_MATCHES_ALL
import kotlin.time.Duration.Companion.seconds

// redis [[HOST:]PORT]: strings, lists, sets and hashes in memory, as Redis 7 has them; port 9379 unless told otherwise.
// Try: redis-cli -p 9379. Source: https://redis.io/docs/latest/develop/reference/protocol-spec (RESP2).
typealias Args = List<ByteString>

fun bytes(text: String) = ByteString(*text.toByteArray(Charsets.ISO_8859_1))
fun ByteString.latin() = String(toByteArray(), Charsets.ISO_8859_1)
fun ByteString.upper() = latin().uppercase()
fun ByteString.long() = latin().let { text -> text.toLongOrNull()?.takeIf { "$it" == text } }
fun hex(char: Char) = "\\x%02x".format(char.code)

// Requests: arrays of bulk strings, or a line typed by hand.
fun sign(char: Char) =
    uint8().map({ require(it == char.code) { "expected '$char', got '${it.toChar()}'" } }, { char.code })

fun length(char: Char, line: String, name: String, range: LongRange): Codec<Long> {
    val number = integer().map({ it.also { require(it in range) } }, { it }).refusedAs("invalid $name length")
    return cLines(number.after(sign(char)), bytes("\r\n")).refusedAs(tooLarge = "too big $line count string")
}

val MAX = 512 * 1024 * 1024
val bulk = lengthPrefixed(Length.Written(length('$', "bulk", "bulk", 0L..MAX)), max = MAX).before(padding(bytes("\r\n")))
val count = length('*', "mbulk", "multibulk", Long.MIN_VALUE..Int.MAX_VALUE).map({ maxOf(it, 0).toInt() }, Int::toLong)
val typed = cLines(bytes().map(::words, ::quoted), bytes("\n")).refusedAs(tooLarge = "too big inline request")
val request = bulk.repeat(count, Int.MAX_VALUE, Int.MAX_VALUE).ifNext('*'.code.toByte(), otherwise = typed)

val QUOTES = """(?:"((?:\\.|[^"\\])*+)"|'((?:\\'|[^'])*+)')?+(?=\s|\z)"""
val WORD = Regex("""\G\s*+(?!\z)(?:([^ \n\r\t"']*+)$QUOTES|(.+))""", DOT_MATCHES_ALL)
val ESCAPE = Regex("""\\(?:x(\p{XDigit}{2})|(.))""", DOT_MATCHES_ALL)

fun words(line: ByteString): Args = WORD.findAll(line.latin().removeSuffix("\r")).map {
    val (bare, double, single, broken) = it.destructured
    require(broken == "") { "unbalanced quotes in request" }
    bytes(bare + ESCAPE.replace(double, ::unescaped) + single.replace("\\'", "'"))
}.toList()

fun unescaped(escape: MatchResult): String = escape.destructured.let { (hex, char) ->
    if (hex != "") "${hex.toInt(16).toChar()}" else "\n\r\t\b\u0007".getOrNull("nrtba".indexOf(char))?.toString() ?: char
}

fun quoted(args: Args) = bytes(args.joinToString(" ") { arg -> "\"${arg.latin().map(::hex).joinToString("")}\"" })

// Replies: a ByteString, a number, a Boolean, a list of replies, or what is ready for the wire.
class Raw(text: String, val last: Boolean = false, val bytes: ByteString = bytes(text))
class Refused(text: String) : RuntimeException(text, null, false, false)

fun refuse(text: String, code: String = "ERR"): Nothing = throw Refused("$code $text")
fun few(name: String): Nothing = refuse("wrong number of arguments for '$name' command")

val OK = Raw("+OK\r\n")
val NIL = Raw("$-1\r\n")
val number = lines(integer(), LineEnd.CRLF).after(bytes(":"))
val size = lines(integer(), LineEnd.CRLF).after(bytes("*"))

fun Output.reply(value: Any): Unit = when (value) {
    is Raw -> write(value.bytes)
    is ByteString -> append(bulk, value)
    is Boolean -> append(number, if (value) 1 else 0)
    is Number -> append(number, value.toLong())
    else -> append(size, (value as Collection<*>).size.toLong()).also { for (item in value) reply(item!!) }
}

// What is kept: strings are ByteStrings; lists, sets and hashes keep the order of what was put in.
typealias RedisList = ArrayDeque<ByteString>
typealias RedisSet = LinkedHashSet<ByteString>
typealias RedisHash = LinkedHashMap<ByteString, ByteString>

val values = HashMap<ByteString, Any>()
val deadlines = HashMap<ByteString, Long>()

fun now() = System.currentTimeMillis()
fun isLate(key: ByteString) = deadlines[key]?.let { it < now() } == true
fun find(key: ByteString) = if (isLate(key)) null.also { remove(key) } else values[key]
fun remove(key: ByteString) = (values.remove(key) != null).also { deadlines.remove(key) }
fun sweep() = deadlines.keys.filter(::isLate).forEach(::remove)
fun put(key: ByteString, value: Any, deadline: Long? = null) =
    OK.also { values[key] = value }.also { deadlines.compute(key) { _, _ -> deadline } }

inline fun <reified T : Any> get(key: ByteString): T? =
    find(key)?.let { it as? T ?: refuse("Operation against a key holding the wrong kind of value", "WRONGTYPE") }

inline fun <reified T : Any> make(key: ByteString, new: () -> T): T = get(key) ?: new().also { values[key] = it }

/** How many of the items [take] takes out of what the key holds, which goes when nothing is left. */
fun taken(args: Args, from: Collection<*>?, take: (ByteString) -> Boolean): Int =
    args.drop(2).count { from != null && take(it) }.also { if (from?.size == 0) remove(args[1]) }

// What several commands share.
fun whole(arg: ByteString) = arg.long() ?: refuse("value is not an integer or out of range")

fun add(key: ByteString, by: Long): Long {
    val old = get<ByteString>(key)?.let(::whole) ?: 0
    val sum = old + by
    if ((old xor sum) and (by xor sum) < 0) refuse("increment or decrement would overflow")
    return sum.also { values[key] = bytes("$sum") }
}

fun deadline(amount: ByteString, scale: Long, command: String, least: Long = Long.MIN_VALUE): Long {
    val n = whole(amount)
    val fits = n >= least && n in Long.MIN_VALUE / scale..Long.MAX_VALUE / scale && n * scale <= Long.MAX_VALUE - now()
    return if (fits) n * scale + now() else refuse("invalid expire time in '$command' command")
}

val SCALES = mapOf("EX" to 1_000L, "PX" to 1L)
val LIFETIMES = setOf("EX", "PX", "KEEPTTL")

fun set(args: Args): Any {
    val given = HashMap<String, ByteString>()
    val options = args.drop(3).iterator()
    for (option in options) {
        val word = option.upper()
        if (word !in LIFETIMES + listOf("NX", "XX", "GET") || word in SCALES && !options.hasNext()) refuse("syntax error")
        given[word] = if (word in SCALES) options.next() else option
    }
    if ("NX" in given && "XX" in given || (given.keys intersect LIFETIMES).size > 1) refuse("syntax error")
    val deadline = SCALES.firstNotNullOfOrNull { (unit, scale) -> given[unit]?.let { deadline(it, scale, "set", 1) } }
    val old = if ("GET" in given) get<ByteString>(args[1]) ?: NIL else null
    if ((if (find(args[1]) == null) "XX" else "NX") in given) return old ?: NIL
    return put(args[1], args[2], if ("KEEPTTL" in given) deadlines[args[1]] else deadline).let { old ?: it }
}

fun expire(key: ByteString, deadline: Long): Boolean {
    val found = find(key) != null
    if (found && deadline > now()) deadlines[key] = deadline else remove(key)
    return found
}

fun left(key: ByteString): Long = if (find(key) == null) -2 else deadlines[key]?.minus(now()) ?: -1

fun push(args: Args, add: RedisList.(ByteString) -> Unit): Int =
    make(args[1]) { RedisList() }.also { list -> args.drop(2).forEach { list.add(it) } }.size

fun pop(args: Args, take: RedisList.() -> ByteString): Any {
    val most = args.getOrNull(2)?.let { it.long() ?: -1 } ?: 1
    if (most < 0) refuse("value is out of range, must be positive")
    val list = get<RedisList>(args[1]) ?: return if (args.size == 2) NIL else Raw("*-1\r\n")
    val taken = List(minOf(most, list.size.toLong()).toInt()) { list.take() }
    if (list.isEmpty()) remove(args[1])
    return if (args.size == 2) taken.single() else taken
}

fun range(list: RedisList, first: Long, last: Long): Args {
    val from = (if (first < 0) first + list.size else first).coerceAtLeast(0)
    val to = (if (last < 0) last + list.size else last).coerceAtMost(list.size - 1L)
    return if (from > to) emptyList() else list.subList(from.toInt(), to.toInt() + 1)
}

val GLOB = Regex("""\[(\^?)((?:\\.|[^\]]-.|[^\]])*+)]?|(\*)|(\?)|\\?(.)""", DOT_MATCHES_ALL)
val CHARS = Regex("""\\(.)|(.)-(.)|(.)""", DOT_MATCHES_ALL)

fun glob(pattern: String) = GLOB.replace(pattern) {
    val (not, set, many, one, char) = it.destructured
    val chars = CHARS.replace(set) { "-".toRegex().replace... }
    when {
        char != "" -> hex(char[0])
        many + one != "" -> if (many != "") ".*" else "."
        set == "" -> if (not == "") "(?!)" else "."
        else -> "[$not$chars]"
    }
}.toRegex(DOT_MATCHES_ALL)

// The commands: how many words each takes, its name included, and what it does with them.
class Command(val name: String, val words: IntRange, val run: (Args) -> Any)

val commands = HashMap<ByteString, Command>()

fun command(name: String, words: IntRange, run: (Args) -> Any) =
    listOf(name, name.uppercase()).forEach { commands[bytes(it)] = Command(name, words, run) }

val ANY = Int.MAX_VALUE
command("ping", 1..2) { it.getOrNull(1) ?: Raw("+PONG\r\n") }
command("echo", 2..2) { it[1] }
command("quit", 1..ANY) { Raw("+OK\r\n", last = true) }
command("select", 2..2) { if (whole(it[1]) == 0L) OK else refuse("DB index is out of range") }
command("hello", 1..ANY) { hello(it) }
command("info", 1..ANY) { bytes("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n") }
command("command", 1..1) { emptyList<Any>() }
command("command|docs", 2..ANY) { emptyList<Any>() }
command("config|get", 3..ANY) { names -> CONFIG.filterKeys { it in names }.flatMap { it.toPair().toList() } }
command("client|setname", 3..3) { OK }
command("set", 3..ANY) { if (it.size == 3) put(it[1], it[2]) else set(it) }
command("get", 2..2) { get<ByteString>(it[1]) ?: NIL }
command("getset", 3..3) { (get<ByteString>(it[1]) ?: NIL).also { _ -> put(it[1], it[2]) } }
command("mget", 2..ANY) { it.drop(1).map { key -> find(key) as? ByteString ?: NIL } }
command("mset", 3..ANY) { if (it.size % 2 == 0) few("mset") else it.drop(1).chunked(2, ) }
command("append", 3..3) { it[2].let { } }
command("strlen", 2..2) { get<ByteString>(it[1])?.size ?: 0 }
command("incr", 2..2) { add(it[1], 1) }
command("decr", 2..2) { add(it[1], -1) }
command("incrby", 3..3) { add(it[1], whole(it[2])) }
command("decrby", 3..3) { add(it[1], -whole(it[2])) }
command("del", 2..ANY) { it.drop(1).count { key -> find(key) != null && remove(key) } }
command("exists", 2..ANY) { it.drop(1).count { key -> find(key) != null } }
command("expire", 3..3) { expire(it[1], deadline(it[2], 1_000, "expire")) }
command("pexpire", 3..3) { expire(it[1], deadline(it[2], 1, "pexpire")) }
command("ttl", 2..2) { left(it[1]).let { left -> if (left < 0) left else (left + 500) / 1_000 } }
command("pttl", 2..2) { left(it[1]) }
command("persist", 2..2) { find(it[1]) != null && deadlines.remove(it[1]) != null }
command("type", 2..2) { Raw("+${TYPES.firstNotNullOf { }}\r\n") }
command("keys", 2..2) { }
command("dbsize", 1..1) { sweep().let { values.size } }
command("flushall", 1..ANY) {}
command("lpush", 3..ANY) { push(it, RedisList::addFirst) }
command("rpush", 3..ANY) { push(it, RedisList::addLast) }
command("lpop", 2..3) { pop(it, RedisList::removeFirst) }
command("rpop", 2..3) { pop(it, RedisList::removeLast) }
command("llen", 2..2) { get<RedisList>(it[1])?.size ?: 0 }
command("lrange", 4..4) { range(whole(it[2]), whole(it[3]), get<RedisList>(it[1]).orEmpty()) }
command("sadd", 3..ANY) { make(it[1]) { RedisSet() }.let { set -> it.drop(2).count(set::add) } }
command("srem", 3..ANY) { get<RedisSet>(it[1]).let { set -> taken(it, set) { item -> set!!.remove(item) } } }
command("smembers", 2..2) { get<RedisSet>(it[1]).orEmpty().let { set -> if (all ints) set.sortedBy { it.long() } else set } }
command("scard", 2..2) { get<RedisSet>(it[1])?.size ?: 0 }
command("sismember", 3..3) { it[2] in get<RedisSet>(it[1]).orEmpty() }
command("hset", 4..ANY) { if (it.size % 2 == 1) few("hset") else make(it[1]) { RedisHash() }.let { hash -> .. } }
command("hget", 3..3) { get<RedisHash>(it[1])?.get(it[2]) ?: NIL }
command("hdel", 3..ANY) { get<RedisHash>(it[1]).let { hash -> taken(it, hash?.keys) { field -> hash!!.remove(field) != null } } }
command("hgetall", 2..2) { get<RedisHash>(it[1]).orEmpty().flatMap { (field, value) -> listOf(field, value) } }
command("hlen", 2..2) { get<RedisHash>(it[1])?.size ?: 0 }

fun answer(args: Args): Any = try {

} catch (refused: Refused) {
    Raw()
}

net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9379" })) {
    }
    launch { while (true) { delay(1.seconds); sweep() } }
    println("listening on ${server.address}")
}
