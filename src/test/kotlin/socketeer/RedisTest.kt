package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldNotContain
import io.kotest.property.Arb
import io.kotest.property.RandomSource
import io.kotest.property.arbitrary.arbitrary
import io.kotest.property.arbitrary.element
import io.kotest.property.arbitrary.list
import io.kotest.property.arbitrary.long
import io.kotest.property.checkAll
import kotlinx.coroutines.runBlocking
import kotlinx.io.bytestring.ByteString
import socketeer.testing.chunks
import java.io.File
import java.io.IOException
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.net.StandardSocketOptions
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel
import java.nio.channels.SocketChannel.open
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.random.Random

/** The sample `redis` beside the real one: the same bytes in, the same bytes out. */
class RedisTest : FunSpec({
    val folder = tempdir()

    fun beside(block: Beside.() -> Unit) = Launch("redis", "0").use { sample ->
        val ours = sample.listening()
        RealRedis(folder).use { Beside(ours, it.address).block() }
    }

    context("redis") {
        with("redis-server", "apt-get install redis-server", "commands and their errors") {
            beside { for (session in sessions) same(session) }
        }
        with("redis-server", "apt-get install redis-server", "malformed input, in Redis's words") {
            beside { for (bytes in malformed + dropped) same(bytes) }
        }
        with("redis-server", "apt-get install redis-server", "the same, however the bytes are cut") {
            beside {
                val short = malformed.filter { it.size < 100 } + sessions.map { it.substring(0, minOf(it.size, 300)) }
                for (bytes in short) same(bytes, chunks(bytes, List(bytes.size) { it }))
            }
        }
        with("redis-server", "apt-get install redis-server", "any sequence of commands, pipelined") {
            beside {
                runBlocking {
                    checkAll(1_000, Arb.list(arbitrary { command(it) }, 1..25)) { commands -> same(join(commands)) }
                }
            }
        }
        with("redis-server", "apt-get install redis-server", "any sequence of commands, spoiled and cut anywhere") {
            beside {
                runBlocking {
                    checkAll(1_000, Arb.list(arbitrary { command(it) }, 1..5), Arb.long()) { commands, seed ->
                        val bytes = spoiled(join(commands), Random(seed))
                        same(bytes)
                        same(bytes, chunks(bytes, cuts(bytes, Random(seed))))
                    }
                }
            }
        }
        with("redis-server", "apt-get install redis-server", "any lines typed, cut anywhere") {
            beside {
                runBlocking {
                    checkAll(1_000, Arb.list(Arb.element(scraps), 0..40), Arb.long()) { typed, seed ->
                        val bytes = latin1(typed.joinToString("", "ECHO ", "\nPING\r\n"))
                        same(bytes, chunks(bytes, cuts(bytes, Random(seed))))
                    }
                }
            }
        }
        with("redis-server", "apt-get install redis-server", "time passes: what has expired is gone, for both") {
            beside {
                val before =
                    listOf(words("SET", "k", "v", "PX", "1"), words("SADD", "l", "a"), words("PEXPIRE", "l", "1"))
                same(join(before))
                // Not how long it takes is asked here, but that both get there.
                while (replies(ours, words("EXISTS", "k", "l")) != ascii(":0\r\n")) Thread.onSpinWait()
                while (replies(real, words("EXISTS", "k", "l")) != ascii(":0\r\n")) Thread.onSpinWait()
                val after = join(listOf(words("GET", "k"), words("TTL", "k"), words("SCARD", "l"), words("DBSIZE")))
                same(after, clear = false)
            }
        }
        with("redis-cli", "apt-get install redis-tools", "redis-cli says the same of both") {
            beside {
                val typed = "SET k \"a b\"\nGET k\nINCR n\nRPUSH l 1 2\nLRANGE l 0 -1\nHSET h f v\nHGETALL h\nGET l\n"
                val port = "${(ours as InetSocketAddress).port}"
                val path = (real as UnixDomainSocketAddress).path.toString()
                shell(typed, "redis-cli", "-p", port) shouldBe shell(typed, "redis-cli", "-s", path)
            }
        }
        for (pipelined in listOf("1", "16")) {
            with("redis-benchmark", "apt-get install redis-tools", "redis-benchmark, $pipelined at once") {
                Launch("redis", "0").use { sample ->
                    val port = "${sample.listening().port}"
                    val tests = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,lrange_100,mset"
                    val some = arrayOf("-n", "2000", "-c", "10", "-P", pipelined, "-q", "-t", tests)
                    val printed = shell("", "redis-benchmark", "-p", port, *some)
                    printed shouldNotContain "rror"
                    printed shouldNotContain "WARNING"
                    for (test in listOf("PING_INLINE", "SET", "GET", "LPUSH", "HSET", "MSET (10 keys)")) {
                        printed shouldContain Regex("(?m)${Regex.escape(test)}: [0-9.]+ requests per second")
                    }
                }
            }
        }
    }

    test("a value of 8 MiB of any bytes; a hundred clients at once") {
        Launch("redis", "0").use { sample ->
            val server = sample.listening()
            val value = ByteString(*ByteArray(8 shl 20) { it.toByte() })
            val set = respCommands().encode(listOf(ascii("SET"), ascii("big"), value))
            replies(server, set) shouldBe ascii("+OK\r\n")
            replies(server, words("GET", "big")) shouldBe respReplies().encode(Resp.Bulk(value))
            val clients = List(100) { open(server) }
            for (client in clients) client.write(ByteBuffer.wrap(words("INCR", "n").toByteArray()))
            val counted = clients.map { client ->
                client.shutdownOutput()
                client.use { decoded(all(it)).single() }
            }
            counted.toSet() shouldBe (1L..100L).map { Resp.Number(it) }.toSet()
        }
    }
})

/** The sample and the real one. */
private class Beside(val ours: SocketAddress, val real: SocketAddress) {
    /** Both, emptied, answer [bytes] alike. */
    fun same(bytes: ByteString, cut: List<ByteString> = listOf(bytes), clear: Boolean = true) {
        if (clear) for (server in listOf(ours, real)) replies(server, words("FLUSHALL")) shouldBe ascii("+OK\r\n")
        withClue({ bytes.text() }) {
            comparable(bytes, replies(ours, cut)) shouldBe comparable(bytes, replies(real, cut))
        }
    }

    /** Where Redis promises no order, the words in any: the bytes otherwise, but a connection's number is its own. */
    private fun comparable(asked: ByteString, replies: ByteString): Any {
        val text = String(replies.toByteArray(), Charsets.ISO_8859_1)
        val unordered = listOf("KEYS", "SMEMBERS").any { it in asked.text().uppercase() }
        return if (unordered) decoded(replies).map(::sorted) else text.replace(Regex("(?<=\r\nid\r\n):\\d+"), ":id")
    }

    private fun sorted(reply: Resp): Any =
        if (reply is Resp.Many) reply.items.orEmpty().map { "$it" }.sorted() else reply
}

/** A real server on a socket in [folder], which ends with this. */
private class RealRedis(folder: File) : AutoCloseable {
    private val path = File(folder, "redis.sock").apply { delete() }
    private val process =
        ProcessBuilder(
            listOf("redis-server", "--port", "0", "--unixsocket", path.path, "--save", "", "--databases", "1"),
        ).directory(folder).redirectErrorStream(true).start()
    val address: UnixDomainSocketAddress = UnixDomainSocketAddress.of(path.toPath())

    init {
        val ready = process.inputReader().lineSequence().any { "ready to accept connections" in it.lowercase() }
        check(ready) { "redis-server doesn't start" }
    }

    override fun close() {
        process.destroy()
        process.waitFor()
    }
}

private fun replies(server: SocketAddress, bytes: ByteString): ByteString = replies(server, listOf(bytes))

/** All that [server] answers to [chunks] until it closes. */
private fun replies(server: SocketAddress, chunks: List<ByteString>): ByteString = open(server).use { channel ->
    if (server is InetSocketAddress) channel.setOption(StandardSocketOptions.TCP_NODELAY, true)
    val sending =
        thread {
            try {
                for (chunk in chunks) {
                    val buffer = ByteBuffer.wrap(chunk.toByteArray())
                    while (buffer.hasRemaining()) channel.write(buffer)
                }
                channel.shutdownOutput()
            } catch (_: IOException) {
                // It has refused the rest and closed: what it said before is what counts.
            }
        }
    all(channel).also { sending.join() }
}

private fun all(channel: SocketChannel): ByteString {
    val output = Output()
    val buffer = ByteBuffer.allocate(1 shl 16)
    try {
        while (channel.read(buffer.clear()) >= 0) output.write(buffer.array(), 0, buffer.position())
    } catch (_: IOException) {
        return output.toByteString() // a reset is an end too: the real one closes with bytes unread
    }
    return output.toByteString()
}

private fun decoded(bytes: ByteString): List<Resp> {
    val frames = Frames(respReplies())
    frames.feed(bytes)
    frames.end()
    return generateSequence { frames.next() }.toList()
}

private fun words(vararg words: String): ByteString = respCommands().encode(words.map(::latin1))

private fun join(commands: List<ByteString>): ByteString =
    Output().also { output -> commands.forEach(output::write) }.toByteString()

private fun shell(input: String, vararg command: String): String {
    val process = ProcessBuilder(*command).redirectErrorStream(true).start()
    process.outputStream.use { it.write(input.toByteArray()) }
    val output = process.inputReader().readText()
    check(process.waitFor(60, TimeUnit.SECONDS)) { "${command.first()} doesn't end" }
    return output
}

/** Sessions as they could be typed, each on a line, or on more if that ends with a semicolon. */
private val sessions: List<ByteString> =
    """
    PING; PING hello; PING a b; ECHO x; ECHO; ECHO a b; ping; pInG; SELECT 0; SELECT 1; SELECT x; SELECT; QUIT;
    PING
    SELECT -1; SELECT 01; SELECT 0 0; SELECT 2147483647; SELECT 2147483648; SELECT -2147483648; SELECT -2147483649;
    SELECT 9223372036854775808; SELECT ""
    SET k v; GET k; SET k w XX; SET k x NX; GET k; SET n y XX; GET n; SET n z NX GET; SET k q GET; GETSET k r;
    GETSET new s
    SET k v EX 100; TTL k; SET k w KEEPTTL; TTL k; SET k x; TTL k; SET k v PX 100000 NX; SET k v PX 100000 XX;
    TTL k
    SET k v EX 0; SET k v EX -1; SET k v PX 0; SET k v EX x; SET k v EX; SET k v EX 1 PX 1; SET k v EX 1 KEEPTTL;
    SET k v FOO
    SET k v NX XX; SET k v EX 9223372036854775807; SET k v PX 9223372036854775807; SET k v EX 5 EX 100; TTL k;
    SET k; SET k v nx get
    SET k v EXAT 9000000000; GET k; PERSIST k; PERSIST k; SET k v PXAT 9000000000000 XX; PERSIST k; GET k; SET k w GET;
    SET k v EXAT 0; SET k v EXAT -1; SET k v EXAT x; SET k v EXAT; SET k v EXAT 1 PX 1; SET k v KEEPTTL EXAT 9000000000;
    SET k v EXAT 9223372036854775807; SET k v EXAT 9223372036854776; SET k v EXAT 9223372036854775; PERSIST k;
    SET k v PXAT 9223372036854775807; PERSIST k; SET k v PXAT 9223372036854775808; SET k v PXAT 0 GET
    SET k v EXAT 1; GET k; EXISTS k; TYPE k; TTL k; SET k v PXAT 1 NX; SET k w NX GET; GET k; TTL k; SET k v EX NX;
    GET k
    SET k v; EXPIRE k 100 NX; EXPIRE k 200 NX; TTL k; EXPIRE k 300 XX; TTL k; EXPIRE k 200 GT; TTL k; EXPIRE k 400 GT;
    TTL k; EXPIRE k 500 LT; EXPIRE k 50 LT; TTL k; PERSIST k; EXPIRE k 10 XX; EXPIRE k 10 GT; TTL k; EXPIRE k 10 LT;
    TTL k
    EXPIRE k 10 NX XX; EXPIRE k 10 GT LT; EXPIRE k 10 nx gt; EXPIRE k 10 LT NX; EXPIRE k 10 FOO; EXPIRE k x FOO;
    EXPIRE k x NX; EXPIRE k 10 NX FOO XX; EXPIRE k 10 NX XX GT LT; EXPIRE k 10 XX GT; EXPIRE k 10 "a\r\nb\r\n"
    SET k v EX 100; PEXPIRE k 300000 XX GT; TTL k; PEXPIRE k 200000 xx gt; PEXPIRE k 200000 XX LT lt; TTL k;
    PEXPIRE k 1 GT; EXPIRE k -1 GT; EXISTS k; EXPIRE k -1 NX; EXPIRE k -1 LT; EXISTS k; EXPIRE k 10 FOO; EXPIRE k 9 XX
    SET k v; EXPIRE k 9223372036854775; EXPIRE k -9223372036854775; EXISTS k; EXPIRE k -9223372036854776;
    PEXPIRE k -9223372036854775808; PEXPIRE k 9223372036854775807; EXISTS k; SET k v; EXPIRE k 9000000000; TTL k;
    PEXPIRE k 9000000000000000000; EXPIRE k 0; EXISTS k; PEXPIRE; PEXPIRE k; EXPIRE k ""
    DEL a b; SET a 1; SET b 2; EXISTS a b a c; DEL a a b c; EXISTS a; TYPE a; MSET a 1 b 2; MGET a b c; MSET a;
    MSET a 1 b; MGET
    INCR n; INCR n; INCRBY n 10; DECR n; INCRBY n -3; INCRBY n x; SET n 01; INCR n; SET n 9223372036854775807;
    INCR n; GET n
    DECRBY n 5; DECRBY n -9223372036854775808; SET n -9223372036854775808; DECR n; INCRBY n 1.5; SET n ""; INCR n;
    SET n " 1"; INCR n
    APPEND s abc; APPEND s def; GET s; STRLEN s; STRLEN none; SET s v EX 100; APPEND s x; TTL s; APPEND s
    EXPIRE k 10; SET k v; EXPIRE k 100; TTL k; PERSIST k; PERSIST k; TTL k; TTL none; PTTL none; PTTL k;
    PERSIST none; EXPIRE k x
    SET k v; PEXPIRE k 100000; TTL k; EXPIRE k -1; EXISTS k; SET k v; PEXPIRE k 0; EXISTS k;
    EXPIRE k 9223372036854775807; EXPIRE k
    SET k v EX 100; GETSET k w; TTL k; INCR n; EXPIRE n 100; INCR n; TTL n; SET l x; EXPIRE l 50; DEL l; RPUSH l a;
    TTL l
    RPUSH l a b c; LPUSH l z y; LRANGE l 0 -1; LLEN l; LRANGE l 1 2; LRANGE l -2 -1; LRANGE l 5 9;
    LRANGE l -100 100; LRANGE l 2 1
    LRANGE l x 1; LRANGE l 0; LRANGE none 0 -1; RPUSH l a b c d; LPOP l; RPOP l; LPOP l 0; RPOP l 9; EXISTS l;
    LPOP l; LPOP l 1; LPOP l 0
    RPUSH l a; LPOP l -1; LPOP l x; LPOP l 1 2; LPOP l 9223372036854775807; TYPE l; RPUSH l 1; TYPE l; LPUSH l;
    LLEN none; LPOP none -1
    SADD s 3 1 2 1; SMEMBERS s; SCARD s; SISMEMBER s 1; SISMEMBER s 9; SREM s 1 9; SMEMBERS s; SREM s 2 3; EXISTS s;
    SREM s x; TYPE s
    SADD s b a c; SMEMBERS s; SADD s 1; SCARD s; SREM s a; SISMEMBER s a; TYPE s; SADD s; SMEMBERS none; SCARD none;
    SISMEMBER none x
    HSET h a 1 b 2; HGET h a; HGET h c; HSET h a 3 c 4; HGETALL h; HLEN h; HDEL h a x; HGETALL h; HSET h a; HSET h;
    HSET h a 1 b; TYPE h
    HDEL h b c; HSET h z 1; HGETALL h; HDEL h z; EXISTS h; HGETALL none; HLEN none; HGET none f; HDEL none f;
    HGET h; HGETALL
    SET k v; LPUSH k a; SADD k a; HSET k a b; LRANGE k 0 -1; LPOP k; LLEN k; SMEMBERS k; HGET k a; HGETALL k;
    HLEN k; SCARD k; LPOP k 1
    RPUSH l a; GET l; INCR l; APPEND l x; STRLEN l; GETSET l x; MGET l; SET l v GET; SET l v; GET l; SADD l x;
    TYPE l; DBSIZE
    MSET one 1 two 2 three 3; KEYS *; KEYS t*; KEYS ?wo; KEYS [ot]*; KEYS [^o]*; KEYS [a-t]*; KEYS t[h-w]*;
    KEYS none; KEYS \t*; KEYS
    MSET a* 1 [b 2 c\d 3 ab 4; KEYS a\*; KEYS \[b; KEYS [[]b; KEYS c\\d; KEYS [; KEYS []; KEYS [^]*; KEYS [b-a]*;
    KEYS *b; KEYS a[*]
    SET "" v; SET x y; KEYS *; KEYS **; KEYS ?*; KEYS ""; KEYS x*; KEYS x**; KEYS *x*; KEYS [x]*?; KEYS *?*
    DBSIZE; SET a 1; DBSIZE; FLUSHALL; DBSIZE; FLUSHALL ASYNC; FLUSHALL SYNC; FLUSHALL x; FLUSHALL SYNC SYNC;
    FLUSHALL async; DBSIZE x
    NOSUCH; nosuch a b; NOSUCH "a b" c; CONFIG; CONFIG NOSUCH; CONFIG GET save; CONFIG GET appendonly;
    CONFIG GET nosuch; config get SAVE
    CLIENT; CLIENT NOSUCH; CLIENT SETNAME me; CLIENT SETINFO lib-name x; COMMAND NOSUCH; HELLO 1; HELLO 4; HELLO x
    HELLO; HELLO 2; hello 2; HELLO -1; HELLO ""; HELLO 9223372036854775808; HELLO 1 SETNAME x; HELLO 0; HELLO "2\r\n"
    CONFIG GET; config get; CONFIG "GE\r\nT" x; CONFIG|GET save; CLIENT SETNAME; CLIENT SETNAME a b; Client SetName a;
    COMMAND DOCS nosuch; CLIENT "a\x00b" c; CONFIG "" x; GET|x; |; COMMAND|DOCS
    """.trimIndent().replace(";\n", "; ").lines().map(::session) + listOf(
        join(listOf(words("SET", "k\u0000\r", "\u0000\u00ff\n$3"), words("GET", "k\u0000\r"), words("KEYS", "k?\r*"))),
        join(listOf(words("no\r\nsuch", "a\r\nb", "c\u0000d", "\u00e9"), words("", "x"), words(""))),
        join(listOf(words("x".repeat(300)), words("nosuch", "y".repeat(100), "z".repeat(100)))),
        words("no", *Array(50) { "abcde" }),
        join(listOf(words("SET", "k", "v", "nx\u0000y"), words("SET", "k", "w", "XX\u0000", "ex\u0000", "100"))),
        join(listOf(words("SET", "k", "v"), words("EXPIRE", "k", "100", "NX\u0000z"), words("TTL", "k"))),
        join(listOf(words("EXPIRE", "k", "9", "a\u0000b"), words("EXPIRE", "k", "9", "\r\n"))),
        join(listOf(words("get\u0000x", "k"), words("FLUSHALL", "sync\u0000x"), words("INCRBY", "k", "1\u0000"))),
        join(
            listOf(words("MSET", "\u00ff", "1", "b", "2", "\u0000", "3", "\u007f", "4", "\u0080", "5")) +
                listOf("[a-\u00ff]", "[\u0080-\u0001]", "[^\u00fe-b]", "[\u0000-c]", "\\\u00ff", "[\\\u0080]")
                    .map { words("KEYS", it) },
        ),
        join(listOf(words("RPUSH", "l", *Array(1_000) { "$it" }), words("LRANGE", "l", "0", "-1"), words("RPOP", "l"))),
    )

private fun session(line: String) = join(line.split("; ").map { words(*split(it)) })

private fun split(line: String): Array<String> =
    if ('"' in line) decode(line) else line.split(" ").toTypedArray()

private fun decode(line: String) = respCommands().decode(ascii("$line\n")).map { it.text() }.toTypedArray()

private val malformed: List<ByteString> =
    listOf(
        "PING\r\n", "ping hi\n", "\r\n\r\n \r\nPING\r\n", "  PING  \r\n", "ECHO \"a\\x41\\n\\q\\\"\"\r\n",
        "ECHO 'b\\'c\\n'\r\n", "ECHO \"a\r\nPING\r\n", "ECHO 'a'b\r\n", "ECHO \"a\"b\r\n", "ECHO foo\"bar\"\r\n",
        "ECHO foo\"bar\"x\r\n", "ECHO \"\\\r\n", "ECHO a\u000Bb\r\n", "ECHO \"a\" 'b' c\r\n", "ECHO \"\"\r\n",
        "ECHO ''\r\n", "\"PING\"\r\n", "PI\u0000NG\r\nPING\r\n", "\u0000", "*0\r\nPING\r\n", "*-1\r\nPING\r\n",
        "*-10\r\n*1\r\n$4\r\nPING\r\n", "*2147483647\r\n", "*2147483648\r\n", "*abc\r\nPING\r\n", "*\r\n",
        "*1\r\nPING\r\n", "*1\r\n\r\n", "*1\r\n$-1\r\n", "*1\r\n\$abc\r\n", "*1\r\n$\r\n", "*1\r\n$536870912\r\n",
        "*1\r\n$536870913\r\n", "*1\r\n$2147483647\r\n", "*1\r\n$9223372036854775808\r\n",
        "*9223372036854775808\r\n", "*01\r\n", "*1\r\n$04\r\nPING\r\n", "*+1\r\n", "*1\r\n$+4\r\nPING\r\n",
        "* 1\r\n", "*1 \r\n", "*-0\r\n", "*1\rX$4\rYPINGZZ", "*1\r", "*x\r",
        "*1\r\n$4\r\nPINGZZ*1\r\n$4\r\nPING\r\n", "*1\r\nX", "*1\r\n\u00ff1\r\n", "*1\u0000\r\n",
        "*1\r\n$4\u0000\r\nPING\r\n", "PING\r\n*1\r\n$4\r\nPING\r\n*x\r\nPING\r\n", "QUIT\r\nPING\r\n",
        "*1\r\n$4\r\nPING\r\nQUIT now\r\nPING\r\n", "*1\r\n$0\r\n\r\n", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
        "*1\r\n$4\r\nPIN", "", "\u00ff\u00fe\r\n", "*1\n$4\nPING\n", "*1\r\n$4\r\nPING", "$4\r\nPING\r\n",
        "A".repeat(65_536), "A".repeat(65_537), "A".repeat(65_535) + "\r\n", "*" + "1".repeat(65_536),
        "*" + "1".repeat(65_535) + "\r\n", "*1\r\n$" + "1".repeat(65_536), "*1\r\n$" + "1".repeat(65_535) + "\r\n",
        "*1\r\n" + "A".repeat(65_537),
    ).map(::latin1)

/** What a browser sends: nothing is said to it, not even what it had been owed. */
private val dropped: List<ByteString> =
    listOf(
        "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nPING\r\n",
        "PING\r\npost\r\n",
        "hOST:\r\n",
        "Host:x\r\nPING\r\n",
        "PING\r\n*1\r\n$5\r\nhost:\r\nPING\r\n",
        "*2\r\n$4\r\nPOST\r\n$1\r\n/\r\n",
        "POSTS\r\n",
    ).map(::latin1)

private val keys = listOf("a", "b", "c", "d", "")
private val values =
    listOf("1", "2", "-5", "x", "", "10", "01", "-0", "9223372036854775807", "\r\n", "\u0000\u00ff", "abc", "nx")
private val numbers =
    listOf(
        "0", "1", "-1", "2", "5", "-2", "100", "x", "", "1.5", "+1", "01", "-0", " 1", "1 ", "1e3", "1\u0000", "\u00b2",
        "9223372036854775807", "9223372036854775806", "9223372036854775808", "-9223372036854775807",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551617", "123456789012345678901234567890",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296",
    )
private val options =
    listOf(
        "NX", "XX", "GET", "KEEPTTL", "EX 100", "EX 0", "PX 100000", "EX x", "EX", "px 9223372036854775807", "FOO",
        "nX", "EXAT 0", "EXAT x", "PXAT -1", "exat 9223372036854775807", "PXAT", "EX -1", "PX 1.5", "",
    )
private val conditions = listOf("NX", "XX", "GT", "LT", "gt", "lt", "FOO", "", "n\r\nx\r\n")
private val patterns =
    listOf("*", "a", "[a]", "[^b-d]", "b?", "\\a", "[", "[a", "a*", "*a*", "[]", "[^]", "[\\a]", "[d-b]", "**", "", "?")
private val scraps =
    listOf(
        "a", "PING", " ", "  ", "\t", "\"", "\"", "'", "'", "\\", "\\x41", "\\xZ", "\\n", "\\\"", "\\'", "\u000b",
        "\u000c", "\r", "\r\n", "\nECHO ", "\u00ff", "\u00a0", "\u0085", "\" ", "' ", "*", "$",
        "\n*1\r\n$4\r\nPING\r\n",
    )
private val spoils =
    listOf(
        "", "\r", "\n", "\r\n", "\n\r", "\u0000", "*", "$", "-", "0", "1", "9", "-1", "+", ":", " ", "\"", "'", "\\",
        "\u00ff", "99999999999", "2147483647", "2147483648", "536870912", "536870913", "9223372036854775808", "*0\r\n",
        "*-1\r\n", "PING\r\n", "QUIT\r\n", "*1\r\n$4\r\nPING\r\n", "$-1\r\n", "$0\r\n\r\n",
    )

/** How commands are said: capitals as they are, the others drawn, `+` one to four of them and `*` none to three. */
private val shapes =
    """
    PING; PING value; ECHO value; FOO value*; value value*; SELECT number;
    SET key value; SET key value; SET key value; SET key value option+; SET key value option*; GET key;
    GETSET key value;
    DEL key+; EXISTS key+; INCR key; INCRBY key number; DECR key; DECRBY key number; APPEND key value; STRLEN key;
    EXPIRE key seconds condition*; PEXPIRE key millis condition*; EXPIRE key seconds; EXPIRE key seconds condition;
    TTL key; PERSIST key; KEYS pattern; TYPE key; MGET key+; MSET key value; MSET key value key value; MSET key+;
    LPUSH key value+; RPUSH key value+; LPOP key; RPOP key; LPOP key number; RPOP key number; LLEN key;
    LRANGE key number number; LRANGE key number number; SADD key value+; SADD key value+; SREM key value+; SMEMBERS key;
    SCARD key; SISMEMBER key value; HSET key value value; HSET key value value value value; HSET key value+;
    HGET key value; HDEL key value+; HGETALL key; HLEN key; FLUSHALL; FLUSHALL value; DBSIZE
    """.trimIndent().replace(";\n", "; ").split("; ").map {
        it.split(" ")
    }

/** A command over few keys, so that they meet in all types; mostly of the right number of words, in any case. */
private fun command(source: RandomSource): ByteString {
    val random = source.random
    val words =
        shapes.random(random).flatMap { shape ->
            val count = if ('+' in shape) {
                1 + random.nextInt(4)
            } else if ('*' in shape) {
                random.nextInt(4)
            } else {
                1
            }
            List(count) { drawn(shape.trim('+', '*'), random) }.flatten()
        }
    val name = if (random.nextInt(8) == 0) words[0].lowercase() else words[0]
    val rest =
        when (random.nextInt(16)) {
            0 -> words.drop(1).dropLast(1)
            1 -> words.drop(1) + values.random(random)
            else -> words.drop(1)
        }
    return words(name, *rest.toTypedArray())
}

private fun drawn(shape: String, random: Random): List<String> = when (shape) {
    "key" -> listOf(keys.random(random))
    "value" -> listOf(values.random(random))
    "number" -> listOf(numbers.random(random))
    "option" -> options.random(random).split(' ')
    "condition" -> listOf(conditions.random(random))
    "pattern" -> listOf(patterns.random(random))
    "seconds" -> listOf(time(random, ""))
    "millis" -> listOf(time(random, "000"))
    else -> listOf(shape)
}

/** No two alike, since GT and LT would tell how long it took from one to the other; none that passes meanwhile. */
private fun time(random: Random, thousand: String): String =
    if (random.nextInt(3) > 0) {
        "${1_000 + random.nextInt(Int.MAX_VALUE - 1_000)}$thousand"
    } else {
        listOf("-1", "0", "x", "", "1.5", "9223372036854775807", "-9223372036854775808", "01").random(random)
    }

/** [bytes] with a few of them replaced, mostly where lines begin and end. */
private fun spoiled(bytes: ByteString, random: Random): ByteString {
    val text = StringBuilder(String(bytes.toByteArray(), Charsets.ISO_8859_1))
    repeat(random.nextInt(4)) {
        val signs = text.indices.filter { text[it] in "*$\r\n" }
        val anywhere = random.nextInt(text.length + 1)
        val at = if (signs.isEmpty() || random.nextInt(4) == 0) anywhere else signs.random(random)
        val start = minOf(text.length, at + random.nextInt(2))
        text.replace(start, minOf(text.length, start + random.nextInt(3)), spoils.random(random))
    }
    return latin1(text.toString())
}

private fun cuts(bytes: ByteString, random: Random): List<Int> =
    List(random.nextInt(6)) { random.nextInt(bytes.size + 1) }.sorted()
