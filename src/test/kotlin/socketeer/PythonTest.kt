package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.decodeToString
import java.io.File
import kotlin.time.Duration.Companion.milliseconds

/**
 * The same steps in Python and here, against the same peer, give the same outcome: bytes, ends, errors. Each script
 * gets the port of a peer that is ours, and prints what it saw; our side of the pair says the same in our words.
 */
class PythonTest : FunSpec({
    val there = System.getenv("PATH").split(':').any { File(it, "python3").canExecute() }

    fun same(name: String, peer: Handler, script: String, ours: suspend Net.(TcpAddress) -> String) {
        if (!there) return xtest("$name (needs python3: apt-get install python3)") {}
        test(name) {
            net {
                val server = tcpServer(0, handler = peer)
                val address = server.address as TcpAddress
                val theirs = withContext(Dispatchers.IO) { python(script, "${address.port}") }
                ours(address) shouldBe theirs
                server.stop()
            }
        }
    }

    same(
        "recv, sendall, the end",
        {
            while (true) send(recv() ?: break)
            send("bye")
        },
        """
        s.sendall(b'hello')
        print(s.recv(2), s.recv(3))
        s.shutdown(socket.SHUT_WR)
        print(s.recv(10), s.recv(10), s.recv(10))
    """,
    ) { address ->
        connect(address).use { s ->
            s.send("hello")
            "${s.py(2)} ${s.py(3)}\n".also { s.shutdown(Direction.WRITE) } + "${s.py(10)} ${s.py(10)} ${s.py(10)}"
        }
    }

    same(
        "MSG_PEEK and MSG_WAITALL",
        {
            send("ab")
            delay(20.milliseconds)
            send("cdef")
        },
        """
        print(s.recv(2, socket.MSG_PEEK), s.recv(2), s.recv(4, socket.MSG_WAITALL), s.recv(1))
    """,
    ) { address ->
        connect(address).use { s ->
            listOf(s.peek(2), s.recv(2), s.recvExactly(4), s.recv(1)).joinToString(" ") { py(it?.decodeToString()) }
        }
    }

    same(
        "shutdown: the other direction goes on",
        {
            val all = StringBuilder()
            while (true) all.append(recv()?.decodeToString() ?: break)
            send("got $all")
        },
        """
        s.sendall(b'request')
        s.shutdown(socket.SHUT_WR)
        try:
            s.sendall(b'more')
            print('sent')
        except BrokenPipeError:
            print('broken pipe')
        print(s.recv(100), s.recv(100))
    """,
    ) { address ->
        connect(address).use { s ->
            s.send("request")
            s.shutdown(Direction.WRITE)
            // Python blames the pipe; whose fault it is, is this side's own.
            val more = try {
                s.send("more")
                "sent"
            } catch (_: ClosedException) {
                "broken pipe"
            }
            "$more\n${s.py(100)} ${s.py(100)}"
        }
    }

    same(
        "close with bytes unread, and a reset",
        {
            recvExactly(1)
            abort()
        },
        """
        s.sendall(b'xyz')
        try:
            print(s.recv(10))
        except ConnectionResetError:
            print('reset')
    """,
    ) { address ->
        connect(address).use { s ->
            s.send("xyz")
            try {
                s.py(10)
            } catch (_: BrokenException) {
                "reset"
            }
        }
    }

    same(
        "a timeout leaves the socket usable",
        {
            recv()
            send("late")
        },
        """
        s.settimeout(0.02)
        try:
            print(s.recv(10))
        except TimeoutError:
            print('timeout')
        s.settimeout(None)
        s.sendall(b'now')
        print(s.recv(10))
    """,
    ) { address ->
        connect(address).use { s ->
            val first = withTimeoutOrNull(20.milliseconds) { s.py(10) } ?: "timeout"
            s.send("now")
            "$first\n${s.py(10)}"
        }
    }

    same(
        "connect, and nobody there",
        { recv() },
        """
        free = socket.socket()
        free.bind(('127.0.0.1', 0))
        try:
            socket.create_connection(free.getsockname())
            print('connected')
        except ConnectionRefusedError:
            print('refused')
    """,
    ) { _ ->
        bind(tcp(0)).use { free ->
            try {
                connect(free.local)
                "connected"
            } catch (_: RefusedException) {
                "refused"
            }
        }
    }

    same(
        "listen, accept, getpeername, getsockname",
        { recv() },
        """
        l = socket.socket()
        l.bind(('127.0.0.1', 0))
        l.listen(5)
        c = socket.create_connection(l.getsockname())
        a, addr = l.accept()
        print(addr == c.getsockname() == a.getpeername(), a.getsockname() == c.getpeername() == l.getsockname(), addr[0])
    """,
    ) { _ ->
        val l = bind(tcp(0)).listen(5)
        val c = connect(l.local)
        val a = l.accept()
        listOf(l, c, a).forEach { it.close() }
        listOf(a.remote == c.local, a.local == c.remote && c.remote == l.local).joinToString(" ") {
            if (it) "True" else "False"
        } +
            " ${(a.remote as TcpAddress).host}"
    }

    same(
        "recvfrom, sendto, an empty datagram",
        { recv() },
        """
        a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        a.bind(('127.0.0.1', 0))
        b.bind(('127.0.0.1', 0))
        for data in (b'one', b'', b'three'):
            a.sendto(data, b.getsockname())
        for i in range(3):
            data, addr = b.recvfrom(100)
            print(data, addr == a.getsockname())
        try:
            a.sendto(b'x' * 65508, b.getsockname())
        except OSError as e:
            print('too large')
    """,
    ) { _ ->
        val (a, b) = bind(udp(0)) to bind(udp(0))
        for (data in listOf("one", "", "three")) a.sendto(data, b.local)
        val got =
            List(3) {
                b.recvfrom().let { (data, from) ->
                    "${py(data.decodeToString())} ${if (from == a.local) "True" else "False"}\n"
                }
            }
        got.joinToString("") + try {
            a.sendto(ByteArray(65_508), b.local)
        } catch (_: TooLargeException) {
            "too large"
        }
    }

    val table = File("README.md").readText().substringAfter("## Coming from Python").substringBefore("\n## ")

    test("the table: every word has a test that exists, or a reason") {
        val rows = table.lines().filter { it.startsWith("| ") }.drop(1)
        rows.size shouldBeGreaterThan 60
        val sources = File("src/test/kotlin/socketeer").listFiles { file -> file.isFile }!!.associate {
            it.nameWithoutExtension to
                it.readText()
        }
        val laws = File("src/main/kotlin/socketeer/testing").listFiles()!!.joinToString("") { it.readText() }
        val wrong = rows.filterNot { row ->
            val cell = row.trim().removeSuffix("|").substringAfterLast("|").trim()
            val named = Regex("(\\w+Test)(?: \"(.*)\")?").find(cell)
            if (named == null) {
                cell.endsWith(".")
            } else {
                val (file, name) = named.destructured
                file in sources && (name in sources.getValue(file) || name in laws)
            }
        }
        withClue("rows without a test that exists, or a reason:") { wrong.shouldBeEmpty() }
    }

    test("the table: every word of the vocabulary is in it") {
        val words = listOf(
            "AF_INET6", "AF_UNIX", "SOCK_DGRAM", "SOCK_SEQPACKET", "socketpair", "AF_NETLINK", "AF_TIPC", "AF_CAN",
            "AF_RDS", "SOCK_RAW", "SOCK_RDM", "broadcast", "IP_ADD_MEMBERSHIP", "bind(", "listen(", "accept()",
            "create_connection", "connect_ex", "recv(n)", "recv_into", "MSG_PEEK", "MSG_WAITALL", "sendall",
            "sendfile", "recvfrom", "recvfrom_into", "sendto", "shutdown", "close", "detach", "getpeername",
            "getsockname", "getsockopt", "setsockopt", "ioctl", "settimeout", "setdefaulttimeout", "setblocking",
            "fileno", "makefile", "family", "type", "proto", "fromfd", "getaddrinfo", "gethostbyname",
            "gethostbyname_ex", "gethostbyaddr", "getnameinfo", "getfqdn", "gethostname", "getservbyname",
            "getservbyport", "getprotobyname", "inet_aton", "inet_ntoa", "inet_pton", "inet_ntop", "htonl",
            "ip_network", "OSError", "herror", "gaierror", "timeout", "ConnectionResetError", "BrokenPipeError",
            "ConnectionRefusedError", "select.select", "poll", "epoll", "DefaultSelector", "register", "modify",
            "unregister", "SelectorKey", "event loop", "TCPServer", "UDPServer", "UnixStreamServer",
            "UnixDatagramServer", "BaseRequestHandler", "StreamRequestHandler", "DatagramRequestHandler",
            "ThreadingMixIn", "ForkingMixIn", "serve_forever", "handle_request", "server_close", "has_ipv6",
            "send_fds",
        )
        words.filterNot { it in table }.shouldBeEmpty()
    }
})

/** As Python prints bytes; the end of the stream is no bytes. */
private fun py(text: String?): String = "b'${text.orEmpty()}'"

private suspend fun Connection.py(max: Int): String = py(recv(max)?.decodeToString())

private fun python(script: String, port: String): String {
    val process = ProcessBuilder("python3", "-", port).redirectErrorStream(true).start()
    val head = "import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
    process.outputStream.use { it.write((head + script.trimIndent()).toByteArray()) }
    return process.inputStream.readAllBytes().decodeToString().trim()
}
