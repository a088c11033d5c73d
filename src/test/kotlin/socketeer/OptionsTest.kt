package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith

class OptionsTest : FunSpec({
    val platform = "on ${System.getProperty(
        "os.name",
    )} ${System.getProperty("os.arch")}, JDK ${Runtime.version().feature()}"

    suspend fun <T : Any> keeps(socket: Socket, option: Option<T>, value: T) = withClue("$option on $socket") {
        socket[option] = value
        // Linux doubles the buffers that it is asked for. socket(7)
        val got = socket[option]
        if (option == Option.SendBuffer ||
            option == Option.ReceiveBuffer
        ) {
            ((got as Int) >= value as Int) shouldBe true
        } else {
            got shouldBe value
        }
    }

    test("every option on every kind of socket") {
        net {
            val listener = bind(tcp(0), Option.ReusePort(true), Option.ReceiveBuffer(50_000)).listen()
            listener[Option.ReusePort] shouldBe true
            val connection = connect(listener.local, options = arrayOf(Option.KeepAlive(true)))
            connection[Option.KeepAlive] shouldBe true
            keeps(connection, Option.NoDelay, false)
            keeps(connection, Option.KeepIdle, 100)
            keeps(connection, Option.KeepInterval, 10)
            keeps(connection, Option.KeepCount, 3)
            keeps(connection, Option.QuickAck, true)
            keeps(connection, Option.SendBuffer, 50_000)
            keeps(connection, Option.ReceiveBuffer, 50_000)
            keeps(connection, Option.Linger, 5)
            keeps(connection, Option.TrafficClass, 0x10)
            connection[Option.IncomingNapiId]
            connection.close()
            listener.close()

            val udp = bind(udp(0), Option.ReuseAddress(true))
            udp[Option.ReuseAddress] shouldBe true
            keeps(udp, Option.Broadcast, true)
            keeps(udp, Option.SendBuffer, 50_000)
            keeps(udp, Option.ReceiveBuffer, 50_000)
            keeps(udp, Option.TrafficClass, 0x10)
            keeps(udp, Option.MulticastInterface, "lo")
            keeps(udp, Option.MulticastTtl, 7)
            keeps(udp, Option.MulticastLoop, false)
            if (Runtime.version().feature() >= 19) keeps(udp, Option.DontFragment, true)
            udp.close()

            val (a, b) = socketPair()
            keeps(a, Option.SendBuffer, 50_000)
            keeps(a, Option.ReceiveBuffer, 50_000)
            keeps(a, Option.Linger, 5)
            a.close()
            b.close()
        }
    }

    test("not on this kind of socket, or not here: option, value and platform") {
        net {
            val udp = bind(udp(0))
            shouldThrow<UnsupportedException> { udp[Option.NoDelay] }.message shouldBe
                "get TCP_NODELAY of $udp: not an option of this kind of socket $platform"
            shouldThrow<UnsupportedException> { udp[Option.NoDelay] = true }.message shouldBe
                "set TCP_NODELAY to true on $udp: not an option of this kind of socket $platform"
            shouldThrow<UnsupportedException> { bind(tcp(0), Option.Broadcast(true)) }.message shouldBe
                "set SO_BROADCAST to true on a new socket: not an option of this kind of socket $platform"
            shouldThrow<UnsupportedException> { bind(tcp(0), Option.Mode("600")) }.message shouldStartWith
                "set mode to 600 on"
            shouldThrow<FailedException> { udp[Option.IncomingNapiId] = 1 }.message shouldContain
                "SO_INCOMING_NAPI_ID to 1"
            if (Runtime.version().feature() < 19) {
                shouldThrow<UnsupportedException> { udp[Option.DontFragment] }.message shouldContain "IP_DONTFRAGMENT"
            }
            udp.close()
            shouldThrow<ClosedException> { udp[Option.Broadcast] }
        }
    }

    test("out of range: option, range and value") {
        val table =
            listOf<Pair<() -> Any, String>>(
                { Option.KeepIdle(0) } to "TCP_KEEPIDLE is 1..32767, was 0",
                { Option.KeepInterval(32_768) } to "TCP_KEEPINTVL is 1..32767, was 32768",
                { Option.KeepCount(128) } to "TCP_KEEPCNT is 1..127, was 128",
                { Option.SendBuffer(0) } to "SO_SNDBUF is 1..2147483647, was 0",
                { Option.ReceiveBuffer(-1) } to "SO_RCVBUF is 1..2147483647, was -1",
                { Option.Linger(-2) } to "SO_LINGER is -1..65535, was -2",
                { Option.TrafficClass(256) } to "IP_TOS is 0..255, was 256",
                { Option.MulticastTtl(-1) } to "IP_MULTICAST_TTL is 0..255, was -1",
                { Option.MulticastInterface("nosuch") } to
                    "IP_MULTICAST_IF is the name of a network interface, was nosuch",
                { Option.Mode("0600") } to "mode is three octal digits, was 0600",
                { Option.Mode("rw-") } to "mode is three octal digits, was rw-",
            )
        for ((make, error) in table) shouldThrow<IllegalArgumentException> { make() }.message shouldBe error
    }
})
