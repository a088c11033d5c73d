package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.core.spec.style.scopes.FunSpecContainerScope
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldMatch
import java.io.File
import java.net.InetSocketAddress
import java.util.concurrent.TimeUnit

/** The samples of datagrams and Unix sockets, with their own clients and with the ones that everybody has. */
class RealClientsTest : FunSpec({
    fun serving(vararg args: String, block: Launch.(InetSocketAddress) -> Unit) = Launch(*args).use {
        it.block(it.listening())
        it.signal("TERM")
        it.end() shouldBe 0
    }

    fun client(name: String, vararg args: String, type: String = ""): String = Launch(name, *args).use {
        it.type(type)
        it.stdout().also { _ -> it.end() shouldBe 0 }
    }

    test("udp-echo, udp-upper, udp-time and their clients; an empty datagram is answered") {
        serving("udp-echo", "0") {
            client("udp-echo-client", "${it.port}", type = "a\n\nwörld\n") shouldBe
                "a\n\nwörld\n"
        }
        serving("udp-upper", "[::1]:0") {
            client("udp-upper-client", "[::1]:${it.port}", type = "Hello\n\n") shouldBe "HELLO\n\n"
        }
        serving("udp-time", "0") {
            client("udp-time-client", "${it.port}") shouldMatch
                Regex("\\w{3}, .* GMT\r\n|\\w{3}, .*\r\n")
        }
    }

    for (sample in listOf("udp-echo", "UdpEcho.java")) {
        context(sample) {
            with("nc", "apt-get install netcat-openbsd", "nc -u") {
                serving(sample, "0") { run("hello", "nc", "-u", "-W1", "127.0.0.1", "${it.port}") shouldBe "hello" }
            }
            with("socat", "apt-get install socat", "socat, IPv4 and IPv6") {
                serving(sample, "[::]:0") {
                    run("hello", "socat", "-t2", "-", "UDP4:127.0.0.1:${it.port}") shouldBe "hello"
                    run("hello", "socat", "-t2", "-", "UDP6:[::1]:${it.port}") shouldBe "hello"
                }
            }
            with(
                "python3",
                "apt-get install python3",
                "Python: many peers, some gone, one with source port 0, and it lives on",
            ) {
                serving(sample, "0") { run(peers, "python3", "-", "${it.port}").trim() shouldBe "ok" }
            }
        }
    }

    context("unix-echo") {
        val folder = tempdir()

        fun unixEcho(vararg mode: String, block: (String) -> Unit) {
            val path = File(folder, "echo.sock").path
            Launch("unix-echo", path, *mode).use {
                it.line() shouldBe "listening on $path"
                block(path)
                it.signal("TERM")
                it.end() shouldBe 0
            }
            File(path).exists() shouldBe false
        }
        test("its client; a live path and other files are left alone") {
            unixEcho("640") { path ->
                client("unix-echo-client", path, type = "hello") shouldBe "hello"
                Launch("unix-echo", path).use {
                    it.end() shouldBe 1
                    it.stderr().trimEnd() shouldBe "unix-echo: bind $path: Address already in use, by a live socket"
                }
                run("", "stat", "-c%a", path).trim() shouldBe "640"
                client("unix-echo-client", path, type = "still") shouldBe "still"
            }
        }
        with("nc", "apt-get install netcat-openbsd", "nc -U") {
            unixEcho {
                run("hello", "nc", "-N", "-U", it) shouldBe
                    "hello"
            }
        }
        with("socat", "apt-get install socat", "socat") {
            unixEcho { run("hello", "socat", "-t2", "-", "UNIX-CONNECT:$it") shouldBe "hello" }
        }
    }

    context("unix-datagram-echo") {
        val folder = tempdir()

        fun datagramEcho(vararg mode: String, block: (String) -> Unit) {
            val path = File(folder, "datagrams.sock").path
            Launch("unix-datagram-echo", path, *mode).use {
                it.line() shouldBe "listening on $path"
                block(path)
                it.signal("TERM")
                it.end() shouldBe 0
            }
            File(path).exists() shouldBe false
        }
        test("its client, the mode, and a path that is taken") {
            datagramEcho("620") { path ->
                client("unix-datagram-echo-client", path, type = "a\nb\n") shouldBe "a\nb\n"
                run("", "stat", "-c%a", path).trim() shouldBe "620"
                Launch("unix-datagram-echo", path).use {
                    it.end() shouldBe 1
                    it.stderr().trimEnd() shouldBe
                        "unix-datagram-echo: bind $path: Address already in use, by a live socket"
                }
            }
        }
        with("socat", "apt-get install socat", "socat") {
            datagramEcho {
                val mine = File(folder, "mine").path
                run("hello", "socat", "-t2", "-", "UNIX-SENDTO:$it,bind=$mine") shouldBe "hello"
                File(mine).delete()
            }
        }
        with("python3", "apt-get install python3", "Python, with a name, with an abstract one, and with none") {
            datagramEcho { run(unixPeers, "python3", "-", it, folder.path).trim() shouldBe "ok" }
        }
    }

    test("half-close and its client") {
        serving("half-close", "0") {
            client("half-close-client", "${it.port}", type = "question") shouldBe
                "8 bytes\nquestion"
        }
    }

    test("multicast-chat: what one says, the other hears") {
        Launch("multicast-chat", "9109").use { a ->
            Launch("multicast-chat", "9109").use { b ->
                a.line() shouldBe "listening on 239.255.9.9:9109"
                b.line() shouldBe "listening on 239.255.9.9:9109"
                a.type("hello there\n", end = false)
                b.line()!! shouldMatch Regex("\\d+: hello there")
                b.type("exit\n", end = false)
                b.end() shouldBe 0
                a.signal("TERM")
                a.end() shouldBe 0
            }
        }
    }

    context("dns") {
        test("its client") {
            serving("dns", "0") {
                client("dns-client", "${it.port}") shouldBe "www.test 192.0.2.80\nwww.test 2001:db8::80\n"
            }
        }
        for ((tool, packages) in listOf("dig" to "bind9-dnsutils", "kdig" to "knot-dnsutils")) {
            with(tool, "apt-get install $packages", tool) {
                serving("dns", "0") {
                    fun ask(vararg words: String) = run("", tool, "@127.0.0.1", "-p", "${it.port}", *words)
                    ask("+short", "www.test").trim() shouldBe "192.0.2.80"
                    ask("+short", "WWW.test", "AAAA").trim() shouldBe "2001:db8::80"
                    ask("+short", "+tcp", "mail.test").trim().lines().sorted() shouldBe
                        listOf("192.0.2.25", "192.0.2.26")
                    ask("nosuch.test") shouldContain "NXDOMAIN"
                    // Too large for a datagram: truncated, and asked again over TCP.
                    ask("+short", "+noedns", "big.test", "TXT").trim().lines().size shouldBe 30
                }
            }
        }
    }
})

/** A test with a tool; without it the test is skipped, and its name says how to get it. */
internal suspend fun FunSpecContainerScope.with(tool: String, install: String, name: String, block: () -> Unit) {
    val there = System.getenv("PATH").split(':').any { File(it, tool).canExecute() }
    if (there) test(name) { block() } else xtest("$name (needs $tool: $install)") {}
}

private fun run(input: String, vararg command: String): String {
    val process = ProcessBuilder(*command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    process.outputStream.use { it.write(input.toByteArray()) }
    val output = process.inputStream.readAllBytes().decodeToString()
    process.waitFor(20, TimeUnit.SECONDS)
    return output
}

private val peers = """
import socket, struct, sys
port = int(sys.argv[1])
for i in range(200):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b'gone', ('127.0.0.1', port))
    s.close()
try:
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    raw.sendto(struct.pack('!HHHH', 0, port, 8 + 4, 0) + b'zero', ('127.0.0.1', 0))
except PermissionError:
    pass
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
for data in (b'hello', b'', b'x' * 65507):
    s.sendto(data, ('127.0.0.1', port))
    assert s.recvfrom(70000)[0] == data
print('ok')
"""

private val unixPeers = """
import os, socket, sys
path, folder = sys.argv[1:]
nameless = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
nameless.sendto(b'no answer wanted', path)
nameless.sendto(b'', path)
for name in (folder + '/python', '\\0socketeer-python-%d' % os.getpid()):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    s.settimeout(10)
    for data in (b'hello', b'x' * 65536):
        s.sendto(data, path)
        assert s.recvfrom(70000) == (data, path)
os.unlink(folder + '/python')
print('ok')
"""
