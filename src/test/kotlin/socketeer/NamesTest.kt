package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldNotBeBlank
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.launch
import kotlinx.io.bytestring.decodeToString
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

class NamesTest :
    FunSpec({
        test("names to addresses and back, without keeping the loop") {
            net {
                resolve("localhost") shouldContain "127.0.0.1"
                reverse("127.0.0.1") shouldBe "localhost"
                resolve("::1") shouldBe listOf("::1")
                // All of them ask aside. There a resolver may take its time: until another coroutine has had its turn.
                val turn = CountDownLatch(1)
                launch { turn.countDown() }
                aside { turn.await(30, TimeUnit.SECONDS) } shouldBe true
            }
        }

        test("a name that doesn't exist, in the error's type and text") {
            net {
                shouldThrow<NameNotFoundException> { resolve("nosuch.invalid") }.message shouldStartWith
                    "resolve nosuch.invalid: "
                shouldThrow<NameNotFoundException> { connect(tcp("nosuch.invalid", 80)) }.message shouldStartWith
                    "resolve nosuch.invalid: "
                shouldThrow<NameNotFoundException> { bind(tcp("fe80::1%nosuch", 0)) }.message shouldBe
                    "resolve fe80::1%nosuch: no network interface nosuch"
                shouldThrow<NameNotFoundException> { reverse("192.0.2.200") }.message shouldBe
                    "reverse 192.0.2.200: no name"
                shouldThrow<IllegalArgumentException> { reverse("localhost") }.message shouldBe
                    "reverse of a literal address, was \"localhost\""
            }
        }

        test("this host") {
            hostName().shouldNotBeBlank()
            if (Files.exists(Path.of("/proc/sys/kernel/hostname"))) {
                hostName() shouldBe Files.readString(Path.of("/proc/sys/kernel/hostname")).trim()
            }
            fullHostName().shouldNotBeBlank()
        }

        test("services and protocols") {
            servicePort("ssh") shouldBe 22
            servicePort("www") shouldBe 80
            servicePort("domain", "udp") shouldBe 53
            serviceName(443) shouldBe "https"
            protocolNumber("tcp") shouldBe 6
            protocolNumber("UDP") shouldBe 17
            shouldThrow<NameNotFoundException> { servicePort("nosuch") }.message shouldBe
                "service nosuch/tcp: not in the system's services"
            shouldThrow<NameNotFoundException> { servicePort("ssh", "xyz") }.message shouldBe
                "service ssh/xyz: not in the system's services"
            shouldThrow<NameNotFoundException> { serviceName(65_535, "udp") }.message shouldBe
                "service on port 65535/udp: not in the system's services"
            shouldThrow<NameNotFoundException> { protocolNumber("nosuch") }.message shouldBe
                "protocol nosuch: not in the system's protocols"
            shouldThrow<IllegalArgumentException> { serviceName(65_536) }.message shouldBe
                "a port is 0..65535, was 65536"
        }

        test("families of the wildcard: 0.0.0.0 is IPv4 alone, :: is both") {
            net {
                val both = tcpServer(0, "::") { send((remote as TcpAddress).host) }
                val port = (both.address as TcpAddress).port
                both.address shouldBe tcp("::", port)
                connect(tcp("127.0.0.1", port)).use { it.recv()?.decodeToString() shouldBe "127.0.0.1" }
                connect(tcp("::1", port)).use { it.recv()?.decodeToString() shouldBe "::1" }
                both.stop()
                val four = tcpServer(0, "0.0.0.0") { send((remote as TcpAddress).host) }
                val fourPort = (four.address as TcpAddress).port
                four.address shouldBe tcp("0.0.0.0", fourPort)
                connect(tcp("127.0.0.1", fourPort)).use { it.recv()?.decodeToString() shouldBe "127.0.0.1" }
                shouldThrow<RefusedException> { connect(tcp("::1", fourPort)) }
                four.stop()
                val six = tcpServer(0, "::1") { send((remote as TcpAddress).host) }
                connect(six.address as TcpAddress).use { it.recv()?.decodeToString() shouldBe "::1" }
                shouldThrow<RefusedException> { connect(tcp("127.0.0.1", six.address.port)) }
                six.stop()
            }
        }
    })
