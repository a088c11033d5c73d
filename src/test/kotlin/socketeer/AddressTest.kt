package socketeer

import io.kotest.assertions.assertSoftly
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.ints.shouldBeGreaterThanOrEqual
import io.kotest.matchers.shouldBe
import io.kotest.property.Arb
import io.kotest.property.arbitrary.byte
import io.kotest.property.arbitrary.list
import io.kotest.property.checkAll
import kotlinx.io.bytestring.ByteString
import java.net.InetAddress

class AddressTest :
    FunSpec({
        val long = "a".repeat(64)

        test("bad input, each with its exact error") {
            val table =
                listOf<Triple<String, (String) -> Any, String>>(
                    // IPv4
                    Triple("", Ip::parse, "not an IP address: \"\" (an IPv4 address has 4 parts, was 1)"),
                    Triple("1.2.3", Ip::parse, "not an IP address: \"1.2.3\" (an IPv4 address has 4 parts, was 3)"),
                    Triple(
                        "1.2.3.4.5",
                        Ip::parse,
                        "not an IP address: \"1.2.3.4.5\" (an IPv4 address has 4 parts, was 5)",
                    ),
                    Triple("256.1.1.1", Ip::parse, "not an IP address: \"256.1.1.1\" (256 is not 0..255)"),
                    Triple("1.2.3.1000", Ip::parse, "not an IP address: \"1.2.3.1000\" (1000 is not 0..255)"),
                    Triple(
                        "1.2.3.04",
                        Ip::parse,
                        "not an IP address: \"1.2.3.04\" (\"04\" has a leading zero, which some read as octal)",
                    ),
                    Triple("1.2..4", Ip::parse, "not an IP address: \"1.2..4\" (\"\" is not a decimal number)"),
                    Triple("1.2.3.4 ", Ip::parse, "not an IP address: \"1.2.3.4 \" (\"4 \" is not a decimal number)"),
                    Triple("1.2.3.-4", Ip::parse, "not an IP address: \"1.2.3.-4\" (\"-4\" is not a decimal number)"),
                    Triple(
                        "1.2.3.0x4",
                        Ip::parse,
                        "not an IP address: \"1.2.3.0x4\" (\"0x4\" is not a decimal number)",
                    ),
                    Triple(
                        "1.2.3.\u0664",
                        Ip::parse,
                        "not an IP address: \"1.2.3.\u0664\" (\"\u0664\" is not a decimal number)",
                    ),
                    // IPv6
                    Triple(":", Ip::parse, "not an IP address: \":\" (\"\" is not 1 to 4 hex digits)"),
                    Triple(":::", Ip::parse, "not an IP address: \":::\" (\"::\" twice)"),
                    Triple("1::2::3", Ip::parse, "not an IP address: \"1::2::3\" (\"::\" twice)"),
                    Triple(
                        "1:2:3:4:5:6:7",
                        Ip::parse,
                        "not an IP address: \"1:2:3:4:5:6:7\" (8 groups or \"::\", was 7 groups)",
                    ),
                    Triple(
                        "1:2:3:4:5:6:7:8:9",
                        Ip::parse,
                        "not an IP address: \"1:2:3:4:5:6:7:8:9\" (8 groups or \"::\", was 9 groups)",
                    ),
                    Triple(
                        "1:2:3:4::5:6:7:8",
                        Ip::parse,
                        "not an IP address: \"1:2:3:4::5:6:7:8\" (\"::\" and 8 groups, it stands for at least one of 8)",
                    ),
                    Triple("::12345", Ip::parse, "not an IP address: \"::12345\" (\"12345\" is not 1 to 4 hex digits)"),
                    Triple("::g", Ip::parse, "not an IP address: \"::g\" (\"g\" is not 1 to 4 hex digits)"),
                    Triple(":1::2", Ip::parse, "not an IP address: \":1::2\" (\"\" is not 1 to 4 hex digits)"),
                    Triple("1::2:", Ip::parse, "not an IP address: \"1::2:\" (\"\" is not 1 to 4 hex digits)"),
                    Triple("::1.2.3", Ip::parse, "not an IP address: \"::1.2.3\" (an IPv4 address has 4 parts, was 3)"),
                    Triple(
                        "1.2.3.4::",
                        Ip::parse,
                        "not an IP address: \"1.2.3.4::\" (\"1.2.3.4\" is not 1 to 4 hex digits)",
                    ),
                    Triple(
                        "::1.2.3.4:5",
                        Ip::parse,
                        "not an IP address: \"::1.2.3.4:5\" (\"1.2.3.4\" is not 1 to 4 hex digits)",
                    ),
                    Triple(
                        "[::1]",
                        Ip::parse,
                        "not an IP address: \"[::1]\" (\"[\" is not 1 to 4 hex digits)",
                    ),
                    Triple(
                        "fe80::1%",
                        Ip::parse,
                        "not an IP address: \"fe80::1%\" (a scope is an interface's name or number, was \"\")",
                    ),
                    Triple(
                        "fe80::1%a/b",
                        Ip::parse,
                        "not an IP address: \"fe80::1%a/b\" (a scope is an interface's name or number, was \"a/b\")",
                    ),
                    Triple(
                        "1.2.3.4%eth0",
                        Ip::parse,
                        "not an IP address: \"1.2.3.4%eth0\" (\"4%eth0\" is not a decimal number)",
                    ),
                    // blocks
                    Triple("10.0.0.0/33", Cidr::parse, "a prefix is 0..32, was 33 in 10.0.0.0/33"),
                    Triple("::/129", Cidr::parse, "a prefix is 0..128, was 129 in ::/129"),
                    Triple("10.0.0.0/", Cidr::parse, "not a prefix: \"\" in \"10.0.0.0/\" (a decimal number)"),
                    Triple("10.0.0.0/08", Cidr::parse, "not a prefix: \"08\" in \"10.0.0.0/08\" (a decimal number)"),
                    Triple("10.0.0.0/-1", Cidr::parse, "not a prefix: \"-1\" in \"10.0.0.0/-1\" (a decimal number)"),
                    Triple("10.0.0.0/8/8", Cidr::parse, "not a prefix: \"8/8\" in \"10.0.0.0/8/8\" (a decimal number)"),
                    Triple(
                        "10.0.0.1/8",
                        Cidr::parse,
                        "bits behind the prefix in \"10.0.0.1/8\" (the block is 10.0.0.0/8)",
                    ),
                    Triple(
                        "fe80::1/64",
                        Cidr::parse,
                        "bits behind the prefix in \"fe80::1/64\" (the block is fe80::/64)",
                    ),
                    Triple("fe80::%eth0/10", Cidr::parse, "a block has no scope: \"fe80::%eth0/10\""),
                    Triple(
                        "10.0.0/8",
                        Cidr::parse,
                        "not an IP address: \"10.0.0\" (an IPv4 address has 4 parts, was 3)",
                    ),
                    Triple(
                        "localhost/8",
                        Cidr::parse,
                        "not an IP address: \"localhost\" (an IPv4 address has 4 parts, was 1)",
                    ),
                    // hosts
                    Triple("", { tcp(it, 1) }, "a host must not be blank"),
                    Triple("  ", { tcp(it, 1) }, "a host must not be blank"),
                    Triple("[]", { tcp(it, 1) }, "a host must not be blank"),
                    Triple("a b", {
                        tcp(it, 1)
                    }, "not a host: \"a b\" (' ' is not a letter, digit, hyphen or underscore)"),
                    Triple("a/b", {
                        tcp(it, 1)
                    }, "not a host: \"a/b\" ('/' is not a letter, digit, hyphen or underscore)"),
                    Triple("a..b", { tcp(it, 1) }, "not a host: \"a..b\" (an empty label)"),
                    Triple(".a", { tcp(it, 1) }, "not a host: \".a\" (an empty label)"),
                    Triple(".", { tcp(it, 1) }, "not a host: \".\" (an empty label)"),
                    Triple("-a.b", { tcp(it, 1) }, "not a host: \"-a.b\" (a label that starts or ends with a hyphen)"),
                    Triple("a-.b", { tcp(it, 1) }, "not a host: \"a-.b\" (a label that starts or ends with a hyphen)"),
                    Triple(long, { udp(it, 1) }, "not a host: \"$long\" (a label has at most 63 characters, was 64)"),
                    Triple("a.".repeat(127) + "b", {
                        udp(it, 1)
                    }, "not a host: a name has at most 253 characters, was 255"),
                    Triple("[localhost]", { tcp(it, 1) }, "not a host: \"[localhost]\" (brackets are for IPv6)"),
                    Triple("[127.0.0.1]", { tcp(it, 1) }, "not a host: \"[127.0.0.1]\" (brackets are for IPv6)"),
                    Triple("127.1", {
                        tcp(it, 1)
                    }, "not an IP address: \"127.1\" (an IPv4 address has 4 parts, was 2)"),
                    Triple("2130706433", {
                        tcp(it, 1)
                    }, "not an IP address: \"2130706433\" (an IPv4 address has 4 parts, was 1)"),
                    Triple("0x7f000001", {
                        tcp(it, 1)
                    }, "not an IP address: \"0x7f000001\" (an IPv4 address has 4 parts, was 1)"),
                    Triple("1.2.3.256", { udp(it, 1) }, "not an IP address: \"1.2.3.256\" (256 is not 0..255)"),
                    Triple("a\u0000b", {
                        tcp(it, 1)
                    }, "not a host: \"a\u0000b\" ('\u0000' is not a letter, digit, hyphen or underscore)"),
                    // addresses
                    Triple("", { TcpAddress.parse(it) }, "not a port: \"\" in \"\" (0..65535)"),
                    Triple("localhost", {
                        TcpAddress.parse(it)
                    }, "not a port: \"localhost\" in \"localhost\" (0..65535)"),
                    Triple("localhost:", { TcpAddress.parse(it) }, "not a port: \"\" in \"localhost:\" (0..65535)"),
                    Triple(":80", { TcpAddress.parse(it) }, "not an address: \":80\" (HOST:PORT, [IPV6]:PORT or PORT)"),
                    Triple("::1:80", {
                        UdpAddress.parse(it)
                    }, "not an address: \"::1:80\" (HOST:PORT, [IPV6]:PORT or PORT)"),
                    Triple("[::1]80", {
                        UdpAddress.parse(it)
                    }, "not an address: \"[::1]80\" (HOST:PORT, [IPV6]:PORT or PORT)"),
                    Triple("[::1", {
                        UdpAddress.parse(it)
                    }, "not an address: \"[::1\" (HOST:PORT, [IPV6]:PORT or PORT)"),
                    Triple("h:65536", { TcpAddress.parse(it) }, "not a port: \"65536\" in \"h:65536\" (0..65535)"),
                    Triple("h:-1", { TcpAddress.parse(it) }, "not a port: \"-1\" in \"h:-1\" (0..65535)"),
                    Triple("h:+1", { TcpAddress.parse(it) }, "not a port: \"+1\" in \"h:+1\" (0..65535)"),
                    Triple("h:123456", { TcpAddress.parse(it) }, "not a port: \"123456\" in \"h:123456\" (0..65535)"),
                    Triple("h:\u0661", { UdpAddress.parse(it) }, "not a port: \"\u0661\" in \"h:\u0661\" (0..65535)"),
                    Triple("h:80 ", { TcpAddress.parse(it) }, "not a port: \"80 \" in \"h:80 \" (0..65535)"),
                    Triple("65536", { tcp(it.toInt()) }, "a port is 0..65535, was 65536"),
                    Triple("-1", { udp(it.toInt()) }, "a port is 0..65535, was -1"),
                    // Unix paths
                    Triple(
                        "x".repeat(107),
                        ::unix,
                        "a Unix path is at most 106 bytes, was 107: \"${"x".repeat(107)}\"",
                    ),
                    Triple("é".repeat(54), ::unix, "a Unix path is at most 106 bytes, was 108: \"${"é".repeat(54)}\""),
                    Triple(
                        "x".repeat(107),
                        ::unixDatagram,
                        "a Unix path is at most 106 bytes, was 107: \"${"x".repeat(107)}\"",
                    ),
                    Triple(
                        "\u0000" + "x".repeat(106),
                        ::unixDatagram,
                        "a Unix path is at most 106 bytes, was 107: \"${"x".repeat(106)}\"",
                    ),
                    Triple("a\u0000b", ::unix, "a Unix path has no NUL: \"a@b\""),
                    Triple("\u0000a", ::unix, "a Unix path has no NUL: \"@a\""),
                    Triple("\u0000a\u0000", ::unixDatagram, "a Unix path has no NUL: \"a@\""),
                )
            table.size shouldBeGreaterThanOrEqual 60
            assertSoftly {
                for ((input, make, error) in table) {
                    withClue("input \"$input\"") {
                        runCatching { make(input) }.exceptionOrNull().let { it?.javaClass to it?.message } shouldBe
                            (IllegalArgumentException::class.java to error)
                    }
                }
            }
        }

        test("canonical forms, RFC 5952") {
            val table =
                mapOf(
                    "0.0.0.0" to "0.0.0.0",
                    "255.255.255.255" to "255.255.255.255",
                    "::" to "::",
                    "::1" to "::1",
                    "0:0:0:0:0:0:0:1" to "::1",
                    "2001:DB8::0A" to "2001:db8::a",
                    "2001:db8:0:1:1:1:1:1" to "2001:db8:0:1:1:1:1:1",
                    "2001:0:0:1:0:0:0:1" to "2001:0:0:1::1",
                    "2001:db8:0:0:1:0:0:1" to "2001:db8::1:0:0:1",
                    "1:2:3:4:5:6:7::" to "1:2:3:4:5:6:7:0",
                    "::2:3:4:5:6:7:8" to "0:2:3:4:5:6:7:8",
                    "::ffff:192.0.2.1" to "::ffff:192.0.2.1",
                    "::ffff:c000:201" to "::ffff:192.0.2.1",
                    "64:ff9b::192.0.2.33" to "64:ff9b::c000:221",
                    "fe80::1%eth0" to "fe80::1%eth0",
                    "fe80:0::1%2" to "fe80::1%2",
                )
            for ((text, canonical) in table) {
                Ip.parse(text).toString() shouldBe canonical
                Ip.parse(canonical) shouldBe Ip.parse(text)
                if ('%' !in
                    text
                ) {
                    Ip.parse(text).unmapped.bytes shouldBe ByteString(*InetAddress.getByName(text).address)
                }
            }
        }

        test("every address of 4 or 16 bytes prints and reads back, and means to the JDK what it means here") {
            for (size in listOf(4, 16)) {
                checkAll(500, Arb.list(Arb.byte(), size..size)) { bytes ->
                    // Zeros are rare at random and are what the shortest form is about.
                    val ip = Ip(ByteString(*bytes.map { if (it in 0..90) 0 else it }.toByteArray()))
                    Ip.parse(ip.toString()) shouldBe ip
                    ByteString(*InetAddress.getByName(ip.toString()).address) shouldBe ip.unmapped.bytes
                }
            }
        }

        test("endpoints read, print and compare") {
            TcpAddress.parse("9000") shouldBe tcp("127.0.0.1", 9000)
            TcpAddress.parse("[::1]:80").toString() shouldBe "[::1]:80"
            TcpAddress.parse("[0::1]:80") shouldBe tcp("::1", 80)
            UdpAddress.parse("[fe80::1%eth0]:53").toString() shouldBe "[fe80::1%eth0]:53"
            UdpAddress.parse("LocalHost:53") shouldBe udp("localhost", 53)
            tcp("bücher.example", 80).host shouldBe "xn--bcher-kva.example"
            tcp("my_service.", 80).toString() shouldBe "my_service.:80"
            ("a.".repeat(126) + "b").let { tcp(it, 1).host shouldBe it }
            "a".repeat(63).let { tcp(it, 1).host shouldBe it }
            unix("/tmp/x").toString() shouldBe "/tmp/x"
            unix("").toString() shouldBe "(unnamed)"
            unix("é".repeat(53)).path.length shouldBe 53
            unixDatagram("\u0000name").toString() shouldBe "@name"
            unixDatagram("\u0000name").isAbstract shouldBe true
        }

        test("kinds of addresses") {
            Ip.parse("127.8.9.1").isLoopback shouldBe true
            Ip.parse("::1").isLoopback shouldBe true
            Ip.parse("::2").isLoopback shouldBe false
            Ip.parse("239.1.1.1").isMulticast shouldBe true
            Ip.parse("ff02::1").isMulticast shouldBe true
            Ip.parse("223.1.1.1").isMulticast shouldBe false
            Ip.parse("::").isWildcard shouldBe true
            Ip.parse("0.0.0.1").isWildcard shouldBe false
            shouldThrow<IllegalArgumentException> { Ip(ByteString(1, 2, 3)) }.message shouldBe
                "an IP address is 4 or 16 bytes, was 3"
            shouldThrow<IllegalArgumentException> { Ip(ByteString(1, 2, 3, 4), "eth0") }.message shouldBe
                "a scope is for IPv6 addresses, was \"eth0\" on IPv4"
        }

        test("blocks") {
            val ten = Cidr.parse("10.0.0.0/8")
            (Ip.parse("10.255.1.2") in ten) shouldBe true
            (Ip.parse("11.0.0.0") in ten) shouldBe false
            (Ip.parse("::ffff:10.1.2.3") in ten) shouldBe true
            (Ip.parse("a00::") in ten) shouldBe false
            (tcp("10.1.1.1", 80) in ten) shouldBe true
            (udp("ten.example", 80) in ten) shouldBe false
            (unix("/10.1.1.1") in ten) shouldBe false
            (Ip.parse("10.1.1.127") in Cidr.parse("10.1.1.0/25")) shouldBe true
            (Ip.parse("10.1.1.128") in Cidr.parse("10.1.1.0/25")) shouldBe false
            (Ip.parse("fe80::1%eth0") in Cidr.parse("fe80::/10")) shouldBe true
            (Ip.parse("fec0::1") in Cidr.parse("fe80::/10")) shouldBe false
            (Ip.parse("8.8.8.8") in Cidr.parse("0.0.0.0/0")) shouldBe true
            (Ip.parse("::1") in Cidr.parse("0.0.0.0/0")) shouldBe false
            Cidr.parse("192.0.2.1").toString() shouldBe "192.0.2.1/32"
            Cidr.parse("2001:DB8::/32").toString() shouldBe "2001:db8::/32"
        }
    })
