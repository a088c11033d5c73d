@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.io.bytestring.ByteString
import socketeer.*

// redis [[HOST:]PORT]: strings, lists, sets and hashes in memory, as Redis 7 has them; port 9379 unless told otherwise.
// Try: redis-cli -p 9379. Source: https://redis.io/docs/latest/commands
typealias Args = List<ByteString>
typealias RedisList = ArrayDeque<ByteString>
typealias RedisSet = LinkedHashSet<ByteString>
typealias RedisHash = LinkedHashMap<ByteString, ByteString>
val Args.key get() = this[1]
fun bytes(text: String) = ByteString(*text.toByteArray(Charsets.ISO_8859_1))
fun ByteString.latin() = String(toByteArray(), Charsets.ISO_8859_1)
fun ByteString.c() = latin().substringBefore('\u0000') // what a function of C sees of it
fun ByteString.word() = c().lowercase()
fun ByteString.long() = latin().let { text -> text.toLongOrNull()?.takeIf { "$it" == text } }

// Replies, where Resp.of doesn't find them.
val OK = Resp.Simple(bytes("OK"))
val BYE = Resp.Simple(bytes("OK")) // and then the connection closes
fun refuse(text: String, code: String = "ERR"): Nothing = throw RespRefusal("$code $text")
fun whole(arg: ByteString, error: String = "value is not an integer or out of range") = arg.long() ?: refuse(error)
fun int(arg: ByteString) = whole(arg).also { n -> if (n != n.toInt().toLong()) refuse(NO_INT) }
val NO_INT = "value is out of range, value must between ${Int.MIN_VALUE} and ${Int.MAX_VALUE}"

// What is kept: strings are ByteStrings; the others keep the order of what was put in.
val TYPES = mapOf("ByteString" to "string", "ArrayDeque" to "list", "LinkedHashSet" to "set", "LinkedHashMap" to "hash")
val values = HashMap<ByteString, Any>()
val deadlines = HashMap<ByteString, Long>()
fun now() = System.currentTimeMillis()
fun isLate(key: ByteString) = deadlines[key]?.let { it < now() } == true
fun find(key: ByteString) = if (isLate(key)) null.also { remove(key) } else values[key]
fun remove(key: ByteString) = (values.remove(key) != null).also { deadlines.remove(key) }
fun clear() = OK.also { values.clear() }.also { deadlines.clear() }
fun put(key: ByteString, value: Any, deadline: Long? = null) =
    OK.also { values[key] = value }.also { if (deadline == null) deadlines.remove(key) else deadlines[key] = deadline }
inline fun <reified T : Any> get(key: ByteString): T? =
    find(key)?.let { it as? T ?: refuse("Operation against a key holding the wrong kind of value", "WRONGTYPE") }
inline fun <reified T : Any> make(key: ByteString, new: () -> T): T = get(key) ?: new().also { values[key] = it }
fun text(key: ByteString) = get<ByteString>(key)?.latin().orEmpty()
fun Args.takenFrom(items: MutableCollection<ByteString>?) =
    drop(2).count { items?.remove(it) == true }.also { if (items?.size == 0) remove(key) }
fun add(key: ByteString, by: Long) = (get<ByteString>(key)?.let { whole(it) } ?: 0).let { old ->
    runCatching { Math.addExact(old, by) }.getOrElse { refuse("increment or decrement would overflow") }
}.also { values[key] = bytes("$it") }
fun minus(n: Long) = if (n > Long.MIN_VALUE) -n else refuse("decrement would overflow")
fun deadline(amount: ByteString, scale: Long, name: String, from: Long = now(), least: Long = Long.MIN_VALUE): Long {
    val n = whole(amount)
    val fits = n >= least && n in Long.MIN_VALUE / scale..Long.MAX_VALUE / scale && n * scale <= Long.MAX_VALUE - from
    return if (fits) n * scale + from else refuse("invalid expire time in '$name' command")
}
val SCALES = mapOf("ex" to 1_000L, "px" to 1L, "exat" to 1_000L, "pxat" to 1L)
val FLAGS = setOf("nx", "xx", "get", "keepttl")
fun set(key: ByteString, value: ByteString, rest: Iterator<ByteString>): Resp {
    val given = HashMap<String, ByteString>()
    for (option in rest) {
        val word = option.word()
        if (word !in FLAGS && !(word in SCALES && rest.hasNext())) refuse("syntax error")
        given[word] = if (word in FLAGS) option else rest.next()
    }
    if (("nx" in given && "xx" in given) || (given.keys - "nx" - "xx" - "get").size > 1) refuse("syntax error")
    val deadline = SCALES.firstNotNullOfOrNull { (unit, scale) ->
        given[unit]?.let { deadline(it, scale, "set", from = if (unit.endsWith("at")) 0 else now(), least = 1) }
    }
    val old = if ("get" in given) Resp.of(get<ByteString>(key)) else null
    if ((if (find(key) == null) "xx" else "nx") in given) return old ?: Resp.Bulk(null)
    return put(key, value, if ("keepttl" in given) deadlines[key] else deadline).let { old ?: it }
}

fun left(key: ByteString): Long = if (find(key) == null) -2 else deadlines[key]?.minus(now())?.coerceAtLeast(0) ?: -1
val CONDITIONS = mapOf<String, (old: Long?, new: Long) -> Boolean>(
    "nx" to { old, _ -> old == null },
    "xx" to { old, _ -> old != null },
    "gt" to { old, new -> old != null && new > old },
    "lt" to { old, new -> old == null || new < old },
)
fun Args.expire(scale: Long, command: String): Boolean {
    val given = drop(3).associate { it.word() to (CONDITIONS[it.word()] ?: refuse("Unsupported option ${it.c()}")) }
    val clash = if ("nx" in given) "NX and XX, GT or LT" else "GT and LT".takeIf { "gt" in given && "lt" in given }
    if (clash != null && given.size > 1) refuse("$clash options at the same time are not compatible")
    val new = deadline(this[2], scale, command)
    if (find(key) == null || !given.values.all { it(deadlines[key], new) }) return false
    if (new > now()) deadlines[key] = new else remove(key)
    return true
}

fun push(args: Args, insert: RedisList.(ByteString) -> Unit) =
    make(args.key) { RedisList() }.also { list -> args.drop(2).forEach { list.insert(it) } }.size

fun pop(args: Args, take: RedisList.() -> ByteString): Any? {
    val most = args.getOrNull(2)?.let { it.long() ?: -1 } ?: 1
    if (most < 0) refuse("value is out of range, must be positive")
    val list = get<RedisList>(args.key) ?: return if (args.size == 2) null else Resp.Many(null)
    val taken = List(minOf(most, list.size.toLong()).toInt()) { list.take() }
    if (list.isEmpty()) remove(args.key)
    return if (args.size == 2) taken.single() else taken
}

fun place(at: Long, list: RedisList) = (if (at < 0) at + list.size else at).coerceIn(-1L..list.size).toInt()
fun range(first: Long, last: Long, list: RedisList) =
    list.slice(maxOf(place(first, list), 0)..minOf(place(last, list), list.lastIndex))

fun inOrder(set: Set<ByteString>) = if (set.all { it.long() != null }) set.sortedBy { it.long() } else set
val GLOB = Regex("""(?s)\[(\^?)((?:\\.|[^\]]-.|[^\]])*+)]?|([*?])|\\?(.)""")
val CHARS = Regex("""(?s)\\(.)|(.)-(.)|(.)""")
fun hex(found: MatchResult) = bytes(found.groupValues.drop(1).joinToString("")).toByteArray()
    .let { ends -> (ends.min()..ends.max()).joinToString("") { "\\x%02x".format(it and 255) } }
fun glob(pattern: ByteString) = GLOB.replace(pattern.latin()) {
    val (not, chars, wild, char) = it.destructured
    if (wild != "") ".${wild.trim('?')}" else "[$not\\uffff${CHARS.replace(chars + char, ::hex)}]"
}.let { Regex(if (pattern.size > 1) "(?s)(?=.)$it" else "(?s)$it") } // only * and an empty one match an empty key

// The commands: how many words each takes, its name included, and what it does with them.
typealias Command = RespCommand
val MANY = Int.MAX_VALUE
val CONF = mapOf("save" to bytes(""), "appendonly" to bytes("no"))
val HELLO = "server redis version 7.0.15 proto 2 id 1 mode standalone role master modules".split(' ')
    .map { word -> word.toLongOrNull() ?: bytes(word) } + listOf(emptyList<Any>())
val HOW = listOf(emptyList(), listOf("async"), listOf("sync"))
fun Args.pairs(from: Int, name: String) =
    if (size % 2 == from % 2) drop(from).chunked(2) else refuse("wrong number of arguments for '$name' command")

val commands = RespTable(
    Command("ping", 1..2) { getOrNull(1) ?: Resp.Simple(bytes("PONG")) },
    Command("echo", 2..2) { this[1] },
    Command("select", 2..2) { if (int(key) == 0L) OK else refuse("DB index is out of range") },
    Command("hello", 1..MANY) {
        val version = if (size > 1) whole(key, "Protocol version is not an integer or out of range") else 2
        if (version == 2L) HELLO else refuse("unsupported protocol version", "NOPROTO")
    },
    Command("command", 1..1) { emptyList<Any>() },
    Command("command|docs", 2..MANY) { emptyList<Any>() },
    Command("config|get", 3..MANY) { flatMap { name -> CONF[name.word()]?.let { listOf(name, it) }.orEmpty() } },
    Command("client|setname", 3..3) { OK },
    Command("quit", 1..MANY) { BYE },
    Command("post", 1..MANY) { throw DeniedException("a browser asks: another site's page told it to") },
    Command("host:", 1..MANY) { throw DeniedException("a browser asks: another site's page told it to") },
    Command("get", 2..2) { get<ByteString>(key) },
    Command("set", 3..MANY) { if (size == 3) put(key, this[2]) else set(key, this[2], drop(3).iterator()) },
    Command("getset", 3..3) { get<ByteString>(key).also { put(key, this[2]) } },
    Command("mget", 2..MANY) { drop(1).map { find(it) as? ByteString } },
    Command("mset", 3..MANY) { pairs(1, "mset").map { put(it[0], it[1]) }.last() },
    Command("append", 3..3) { bytes(text(key) + this[2].latin()).also { values[key] = it }.size },
    Command("strlen", 2..2) { text(key).length },
    Command("incr", 2..2) { add(key, 1) },
    Command("decr", 2..2) { add(key, -1) },
    Command("incrby", 3..3) { add(key, whole(this[2])) },
    Command("decrby", 3..3) { add(key, minus(whole(this[2]))) },
    Command("del", 2..MANY) { drop(1).count { find(it) != null && remove(it) } },
    Command("exists", 2..MANY) { drop(1).count { find(it) != null } },
    Command("expire", 3..MANY) { expire(1_000, "expire") },
    Command("pexpire", 3..MANY) { expire(1, "pexpire") },
    Command("ttl", 2..2) { left(key).let { if (it < 0) it else (it + 500) / 1_000 } },
    Command("pttl", 2..2) { left(key) },
    Command("persist", 2..2) { find(key) != null && deadlines.remove(key) != null },
    Command("type", 2..2) { Resp.Simple(bytes(TYPES[find(key)?.javaClass?.simpleName] ?: "none")) },
    Command("keys", 2..2) { glob(key).let { glob -> values.keys.filter { !isLate(it) && glob.matches(it.latin()) } } },
    Command("dbsize", 1..1) { values.size },
    Command("flushall", 1..MANY) { if (drop(1).map { it.word() } in HOW) clear() else refuse("syntax error") },
    Command("lpush", 3..MANY) { push(this, RedisList::addFirst) },
    Command("rpush", 3..MANY) { push(this, RedisList::addLast) },
    Command("lpop", 2..3) { pop(this, RedisList::removeFirst) },
    Command("rpop", 2..3) { pop(this, RedisList::removeLast) },
    Command("llen", 2..2) { get<RedisList>(key)?.size ?: 0 },
    Command("lrange", 4..4) { range(whole(this[2]), whole(this[3]), get(key) ?: RedisList()) },
    Command("sadd", 3..MANY) { make(key) { RedisSet() }.let { set -> drop(2).count(set::add) } },
    Command("srem", 3..MANY) { takenFrom(get<RedisSet>(key)) },
    Command("smembers", 2..2) { inOrder(get<RedisSet>(key).orEmpty()) },
    Command("scard", 2..2) { get<RedisSet>(key)?.size ?: 0 },
    Command("sismember", 3..3) { this[2] in get<RedisSet>(key).orEmpty() },
    Command("hset", 4..MANY) { pairs(2, "hset").count { make(key) { RedisHash() }.put(it[0], it[1]) == null } },
    Command("hget", 3..3) { get<RedisHash>(key)?.get(this[2]) },
    Command("hdel", 3..MANY) { takenFrom(get<RedisHash>(key)?.keys) },
    Command("hgetall", 2..2) { get<RedisHash>(key).orEmpty().flatMap { listOf(it.key, it.value) } },
    Command("hlen", 2..2) { get<RedisHash>(key)?.size ?: 0 },
)

net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9379" })) {
        val requests = framed(respCommands(), maxEmpty = Int.MAX_VALUE)
        val replies = framed(respReplies())
        try {
            while (true) {
                val said = ArrayList<Resp>()
                for (words in (requests.recvAll() ?: return@tcpServer).filter { it.isNotEmpty() }) {
                    said += commands.reply(words)
                    if (said.last() === BYE) return@tcpServer replies.send(said)
                }
                replies.send(said)
            }
        } catch (refused: FrameException) {
            replies.send(Resp.failure("ERR Protocol error: ${refused.reason}"))
        }
    }
    launch { while (true) deadlines.keys.filter(::isLate).forEach(::remove).also { delay(100) } }
    println("listening on ${server.address}")
}
