package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.net.InetSocketAddress

/**
 * Other people's clients against the samples; what is missing here is skipped by name, with the package that has it.
 */
class ClientsTest :
    FunSpec({
        fun serving(name: String, environment: Map<String, String> = emptyMap(), block: (InetSocketAddress) -> Unit) =
            Launch(name, "0", environment = environment).use {
                block(it.listening())
                it.signal("TERM")
                it.end() shouldBe 0
            }

        fun needs(tool: String, pack: String, name: String, body: () -> Unit) =
            if (has(tool)) test("$tool: $name") { body() } else xtest("$tool: $name (apt-get install $pack)") {}

        for (sample in listOf("echo", "Echo.java")) {
            needs("nc", "netcat-openbsd", "$sample gives back what is typed, and ends when it ends") {
                serving(sample) { ask("hello\n", "nc", "-N", it.hostString, "${it.port}") shouldBe "hello\n" }
            }
        }

        needs("nc", "netcat-openbsd", "greet says good bye and closes, whether or not the client does") {
            serving("greet") {
                ask("it is me\n", "nc", it.hostString, "${it.port}") shouldBe
                    "You said: it is me. Good to meet you, and good bye"
            }
        }

        needs("socat", "socat", "upper, with a half-close") {
            serving("upper") {
                ask("hello", "socat", "-t", "60", "-", "TCP:${it.hostString}:${it.port}") shouldBe
                    "HELLO"
            }
        }

        needs("python3", "python3", "64 MiB through echo with a reader slower than the sender, in a heap of 24 MiB") {
            serving("echo") {} // built and compiled, for which that heap would be too small
            serving("echo", mapOf("JAVA_TOOL_OPTIONS" to "-Xmx24m -XX:MaxDirectMemorySize=8m")) {
                ask(SLOW_READER, "python3", "-", it.hostString, "${it.port}") shouldBe "True 67108864\n"
            }
        }

        needs("python3", "python3", "a thousand clients that reset, then one that doesn't") {
            serving("echo") { ask(RESETS, "python3", "-", it.hostString, "${it.port}") shouldBe "b'still here'\n" }
        }
    })

private fun has(tool: String) = ProcessBuilder("sh", "-c", "command -v $tool").start().waitFor() == 0

/** What [command] prints when [input] is typed and ended. */
private fun ask(input: String, vararg command: String): String {
    val process = ProcessBuilder(*command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    process.outputWriter().use { it.write(input) }
    return process.inputReader().readText()
}

// It reads nothing until the sender has been stuck, and then no faster than it can hash.
private const val SLOW_READER = """
import hashlib, select, socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.setblocking(False)
block = bytes(range(256)) * 256
left, got = 64 << 20, 0
there, back = hashlib.sha256(), hashlib.sha256()
stuck, half = False, False
while True:
    reads = [s] if stuck else []
    readable, writable, _ = select.select(reads, [s] if left else [], [], 1)
    if not readable and not writable:
        stuck = True
    if writable:
        n = s.send(block[-(left % len(block) or len(block)):])
        there.update(block[-(left % len(block) or len(block)):][:n])
        left -= n
    if readable:
        data = s.recv(4096)
        if not data:
            break
        back.update(data)
        got += len(data)
    if not left and not half:
        s.shutdown(socket.SHUT_WR)
        half = stuck = True
print(there.digest() == back.digest(), got)
"""

private const val RESETS = """
import socket, struct, sys
at = (sys.argv[1], int(sys.argv[2]))
for _ in range(1000):
    c = socket.create_connection(at)
    c.send(b'x')
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()
s = socket.create_connection(at)
s.sendall(b'still here')
print(s.recv(100))
"""
