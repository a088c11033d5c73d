package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.decodeToString
import socketeer.testing.cutEverywhere
import socketeer.testing.socketsOfThisProcess
import java.io.File
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions
import kotlin.io.path.deleteIfExists
import kotlin.time.Duration.Companion.milliseconds

class UnixTest :
    FunSpec({
        val folder = tempdir()
        val echo: Handler = { while (true) send(recv() ?: break) }

        fun path(name: String) = File(folder, name).path

        fun mode(path: String) = PosixFilePermissions.toString(Files.getPosixFilePermissions(File(path).toPath()))

        /** A file that a dead server has left behind: the JDK never removes it. */
        fun stale(path: String) =
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { it.bind(UnixDomainSocketAddress.of(path)) }

        afterTest { folder.listFiles()!!.map { it.name }.shouldBeEmpty() }

        test("a server of three lines; its file has mode 600 and is gone afterwards") {
            net {
                val path = path("echo")
                val server = unixSocket(path, handler = echo)
                server.address shouldBe unix(path)
                mode(path) shouldBe "rw-------"
                connect(unix(path)).use {
                    it.remote shouldBe unix(path)
                    it.local shouldBe unix("")
                    it.send("hello")
                    it.recv()?.decodeToString() shouldBe "hello"
                }
                server.stop().accepted shouldBe 1
            }
        }

        test("the mode asked for, under any umask") {
            net {
                val path = path("mode")
                for ((mode, letters) in listOf("660" to "rw-rw----", "666" to "rw-rw-rw-", "700" to "rwx------")) {
                    val server = unixSocket(path, mode, handler = echo)
                    mode(path) shouldBe letters
                    server.stop()
                }
                shouldThrow<IllegalArgumentException> { unixSocket(path, "888", handler = echo) }.message shouldBe
                    "mode is three octal digits, was 888"
            }
        }

        test("the verbs one by one") {
            net {
                val path = path("verbs")
                val bound = bind(unix(path))
                // The path is taken from now on, but nobody is served.
                shouldThrow<AddressInUseException> { bind(unix(path)) }
                val early = connect(unix(path))
                val listener = bound.listen(8)
                runCatching { early.recv() }.getOrNull() shouldBe null
                early.close()
                shouldThrow<ClosedException> { bound.listen() }
                launch { listener.accept().use { it.send(it.recvExactly(3)!!) } }
                connect(unix(path)).use {
                    it.send("abc")
                    it.recv()?.decodeToString() shouldBe "abc"
                    it.recv() shouldBe null
                }
                listener.close()
                val unused = bind(unix(path))
                unused.close()
                shouldThrow<RefusedException> { connect(unix(path)) }.message shouldContain "connect to $path: "
            }
        }

        test("a client with a name of its own") {
            net {
                val (server, client) = path("server") to path("client")
                val listener = bind(unix(server)).listen()
                val seen = async { listener.accept().use { it.remote } }
                bind(unix(client)).connect(unix(server)).use { it.local shouldBe unix(client) }
                seen.await() shouldBe unix(client)
                listener.close()
            }
        }

        test("closed while it connects: the connect is Closed, and the name is gone when close returns") {
            net {
                val (server, client) = path("full") to path("waiting")
                val listener = bind(unix(server)).listen(backlog = 1)
                val clients = mutableListOf<Connection>()
                // The backlog is full when one waits.
                while (true) clients += withTimeoutOrNull(200.milliseconds) { connect(unix(server)) } ?: break
                val bound = bind(unix(client))
                val waiting = async { runCatching { bound.connect(unix(server)) }.exceptionOrNull() }
                // It has begun when its name is a connection's and no more a bound socket's.
                while (bound.isOpen) yield()
                bound.close()
                (waiting.await() is ClosedException) shouldBe true
                File(client).exists() shouldBe false
                clients.forEach { it.close() }
                listener.close()
            }
        }

        test("what opens something, cancelled at every point, leaves neither descriptor nor file") {
            net {
                val server = bind(unix(path("peer"))).listen()
                val cut = path("cut")
                val openings =
                    mapOf<String, suspend (MutableList<Socket>) -> Unit>(
                        "bind" to { it += bind(unix(cut)) },
                        "listen" to { made -> made += bind(unix(cut)).also { made += it }.listen() },
                        "connect" to { made -> made += bind(unix(cut)).also { made += it }.connect(server.local) },
                        "socketPair" to { it += socketPair().toList() },
                    )
                for ((name, open) in openings) {
                    val before = socketsOfThisProcess()
                    cutEverywhere {
                        val made = ArrayList<Socket>()
                        it.play { open(made) }
                        made.forEach { one -> one.close() }
                        Triple(name, it.toString(), File(cut).exists()) shouldBe Triple(name, it.toString(), false)
                    }
                    name to socketsOfThisProcess() shouldBe (name to before)
                }
                server.close()
            }
        }

        test("a stale file is replaced, and two that start at once don't take each other's") {
            net {
                val path = path("stale")
                stale(path)
                unixSocket(path, handler = echo).stop()
                repeat(20) {
                    stale(path)
                    val started = List(4) {
                        async(Dispatchers.IO) { runCatching { unixSocket(path, handler = echo) } }
                    }.awaitAll()
                    val servers = started.mapNotNull { it.getOrNull() }
                    started.mapNotNull { it.exceptionOrNull() }.filter { it !is AddressInUseException }.shouldBeEmpty()
                    connect(unix(path)).use {
                        it.send("x")
                        it.recv()?.decodeToString() shouldBe "x"
                    }
                    servers.forEach { it.stop() }
                    File(path).toPath().deleteIfExists() shouldBe false
                }
            }
        }

        test("a live server's path and other files are left alone") {
            net {
                val path = path("live")
                val server = unixSocket(path, handler = echo)
                shouldThrow<AddressInUseException> { unixSocket(path, handler = echo) }.message shouldBe
                    "bind $path: Address already in use, by a live socket"
                connect(unix(path)).use {
                    it.send("still")
                    it.recv()?.decodeToString() shouldBe "still"
                }
                server.stop()
                File(path).writeText("precious")
                shouldThrow<AddressInUseException> { unixSocket(path, handler = echo) }.message shouldBe
                    "bind $path: there is a file that is not a socket"
                File(path).readText() shouldBe "precious"
                File(path).delete()
                File(path).mkdir()
                shouldThrow<AddressInUseException> { unixSocket(path, handler = echo) }
                File(path).delete()
            }
        }

        test("what somebody else put in its place is not removed") {
            net {
                val path = path("ours")
                val server = unixSocket(path, handler = echo)
                File(path).delete()
                File(path).writeText("somebody else's")
                server.stop()
                File(path).readText() shouldBe "somebody else's"
                File(path).delete()
            }
        }

        test("the longest path, in bytes; a folder that isn't there; none at all") {
            net {
                val room = MAX_UNIX_PATH - folder.path.length - 1
                val path = path("é".repeat(room / 2) + "x".repeat(room % 2))
                path.encodeToByteArray().size shouldBe MAX_UNIX_PATH
                val server = unixSocket(path, handler = echo)
                connect(unix(path)).use {
                    it.send("far")
                    it.recv()?.decodeToString() shouldBe "far"
                }
                server.stop()
                shouldThrow<AddressNotAvailableException> { bind(unix(path("no/x"))) }.message shouldBe
                    "bind ${path("no/x")}: no directory ${path("no")}"
                shouldThrow<IllegalArgumentException> { bind(unix("")) }.message shouldBe
                    "bind a Unix socket to a path, was unnamed"
            }
        }

        test("who is at the other end") {
            net {
                val (a, b) = socketPair()
                a[Option.PeerCredentials].user shouldBe System.getProperty("user.name")
                shouldThrow<UnsupportedException> { a[Option.PeerCredentials] = Credentials("root", "root") }
                a.local shouldBe unix("")
                a.remote shouldBe unix("")
                a.send("to b")
                b.recv()?.decodeToString() shouldBe "to b"
                a.close()
                b.recv() shouldBe null
                b.close()
            }
        }
    })
