package socketeer.loop

import socketeer.Ip
import socketeer.UdpAddress
import socketeer.aside
import java.io.IOException
import java.nio.ByteOrder
import java.nio.file.Files
import java.nio.file.Path

/**
 * What Linux has dropped on the UDP sockets bound to [address] because their receive buffers were full: the last column
 * of /proc/net/udp and udp6 (proc(5)). Null on other systems.
 */
internal suspend fun droppedAt(address: UdpAddress): Long? = aside {
    try {
        val port = ":%04X".format(address.port)
        val hosts = hexForms(Ip.parse(address.host))
        TABLES.filter(Files::exists)
            .flatMap { Files.readAllLines(it).drop(1) }
            .map { it.trim().split(Regex("\\s+")) }
            .filter { it[LOCAL].endsWith(port) && it[LOCAL].removeSuffix(port) in hosts }
            .takeIf { it.isNotEmpty() }
            ?.sumOf { it.last().toLong() }
    } catch (_: IOException) {
        null
    }
}

/** As the kernel prints it: 32-bit words in the machine's own order; an IPv4 address also mapped into IPv6. */
private fun hexForms(ip: Ip): Set<String> {
    fun hex(bytes: List<Byte>) =
        bytes.chunked(WORD).joinToString("") { word ->
            val ordered = if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) word.reversed() else word
            ordered.joinToString("") { "%02X".format(it) }
        }
    val bytes = ip.bytes.toByteArray().toList()
    return if (ip.isV4) setOf(hex(bytes), hex(MAPPED + bytes)) else setOf(hex(bytes))
}

private val TABLES = listOf(Path.of("/proc/net/udp"), Path.of("/proc/net/udp6"))
private val MAPPED = List(10) { 0.toByte() } + List(2) { (-1).toByte() }
private const val LOCAL = 1
private const val WORD = 4
