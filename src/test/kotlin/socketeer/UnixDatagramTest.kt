package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import kotlinx.io.bytestring.decodeToString
import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSocketAddress
import socketeer.testing.Ability.DESCRIPTORS
import socketeer.testing.Ability.EMPTY_DATAGRAMS
import socketeer.testing.datagramLaws
import java.io.File
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions
import java.util.concurrent.atomic.AtomicInteger

class UnixDatagramTest : FunSpec({
    val folder = tempdir()
    val names = AtomicInteger()

    fun path(name: String) = File(folder, name).path

    afterTest { folder.listFiles()!!.map { it.name }.shouldBeEmpty() }

    for ((kind, address) in listOf(
        "Unix paths" to { unixDatagram(path("law${names.incrementAndGet()}")) },
        "abstract names" to { unixDatagram("\u0000socketeer-law-${names.incrementAndGet()}") },
    )) {
        onLoop { run, network ->
            datagramLaws(kind, address, 65_536, EMPTY_DATAGRAMS, DESCRIPTORS, run = run, network = network)
        }
            .filter { it.missing.isEmpty() }.forEach { law -> test("$law") { law.check() } }
    }

    test("a server and its client, which has a name by itself; the file and its mode") {
        net {
            val path = path("echo")
            val server = unixDatagramServer(path, "620") { (data, from) -> sendto(data, from) }
            server.address shouldBe unixDatagram(path)
            PosixFilePermissions.toString(Files.getPosixFilePermissions(File(path).toPath())) shouldBe "rw--w----"
            connect(unixDatagram(path)).use {
                it.remote shouldBe unixDatagram(path)
                it.send("hello")
                it.recv().decodeToString() shouldBe "hello"
            }
            server.stop() shouldBe Receipt(1, 1, 0, 0, 0)
            shouldThrow<RefusedException> { connect(unixDatagram(path)) }
        }
    }

    test("a stale file is replaced; a live socket's and other files are left alone") {
        net {
            val path = path("stale")
            AFUNIXDatagramChannel.open().use { it.bind(AFUNIXSocketAddress.of(File(path))) }
            val server = bind(unixDatagram(path))
            shouldThrow<AddressInUseException> { bind(unixDatagram(path)) }.message shouldBe
                "bind $path: Address already in use, by a live socket"
            server.close()
            val stream = unixSocket(path) {}
            shouldThrow<AddressInUseException> { bind(unixDatagram(path)) }
            stream.stop()
            File(path).writeText("precious")
            shouldThrow<AddressInUseException> { bind(unixDatagram(path)) }.message shouldBe
                "bind $path: there is a file that is not a socket"
            File(path).readText() shouldBe "precious"
            File(path).delete()
        }
    }

    test("what isn't for them says so") {
        net {
            bind(unixDatagram("\u0000socketeer-errors")).use {
                shouldThrow<UnsupportedException> { it.join("239.1.1.1") }.message shouldContain "groups are for UDP"
                shouldThrow<UnsupportedException> { it.sendto("x", udp(9)) }.message shouldBe
                    "127.0.0.1:9 is not a Unix datagram address"
                it.dropped() shouldBe null
            }
        }
    }

    test("without junixsocket the error names it") {
        val path = System.getProperty("java.class.path").split(':').filter { "junixsocket" !in it }.joinToString(":")
        val process = ProcessBuilder(
            "${System.getProperty("java.home")}/bin/java",
            "-cp",
            path,
            "socketeer.UnixDatagramTestKt",
        ).start()
        process.inputReader().readLine() shouldStartWith
            "bind /nowhere: the JDK has no Unix datagrams; com.kohlschutter.junixsocket:junixsocket-core is needed"
        process.waitFor() shouldBe 0
    }
})

/** Says what is wrong with a Unix datagram socket here. */
fun main() {
    net {
        try {
            bind(unixDatagram("/nowhere"))
        } catch (cause: UnsupportedException) {
            println(cause.message)
        }
    }
}
