package socketeer

import kotlinx.io.bytestring.ByteString

/** Two addresses as a header of version 2 has them; null if there is no such address here. */
internal class ProxyEnds(val source: Address?, val destination: Address?)

/** A family and kind of addresses in a header of version 2: its [byte], and how two of them are written. */
internal class ProxyFamily private constructor(val byte: Int, val codec: Codec<ProxyEnds>?) {
    val size = codec?.maxBytes ?: 0

    companion object {
        val UNSPECIFIED = ProxyFamily(0x00, null)

        /** Half specified: how long its addresses are, nobody says. */
        private val UNREADABLE = ProxyFamily(-1, null)
        private val TCP4 = ProxyFamily(0x11, inet(4, ::tcp))
        private val UDP4 = ProxyFamily(0x12, inet(4, ::udp))
        private val TCP6 = ProxyFamily(0x21, inet(16, ::tcp))
        private val UDP6 = ProxyFamily(0x22, inet(16, ::udp))
        private val UNIX = ProxyFamily(0x31, paths(::unix))
        private val UNIX_DATAGRAM = ProxyFamily(0x32, paths(::unixDatagram))
        private val ALL = listOf(UNSPECIFIED, TCP4, UDP4, TCP6, UDP6, UNIX, UNIX_DATAGRAM)

        fun of(byte: Int): ProxyFamily = ALL.firstOrNull { it.byte == byte } ?: UNREADABLE

        fun of(address: Address?): ProxyFamily = when (address) {
            null -> UNSPECIFIED
            is TcpAddress -> if (':' in address.host) TCP6 else TCP4
            is UdpAddress -> if (':' in address.host) UDP6 else UDP4
            is UnixAddress -> UNIX
            is UnixDatagramAddress -> UNIX_DATAGRAM
        }
    }

    /** Whether what stands behind the addresses can be found. */
    val isReadable get() = byte >= 0
}

private fun inet(size: Int, address: (String, Int) -> HostAddress): Codec<ProxyEnds> {
    fun bytes(address: Address?) = Ip.parse((address as HostAddress).host).bytes
    fun port(address: Address?) = (address as HostAddress).port
    return (fixed(size) then fixed(size) then uint16() then uint16()).map(
        { (ends, to) ->
            ends.let { (ips, from) -> ProxyEnds(address("${Ip(ips.first)}", from), address("${Ip(ips.second)}", to)) }
        },
        { bytes(it.source) to bytes(it.destination) to port(it.source) to port(it.destination) },
    )
}

private fun paths(address: (String) -> Address): Codec<ProxyEnds> =
    (path(address) then path(address)).map(
        { (source, destination) -> ProxyEnds(source.address, destination.address) },
        { Path(it.source) to Path(it.destination) },
    )

private class Path(val address: Address?)

/** A path up to its NUL; a first one belongs to a name in the abstract namespace, and alone it is no path at all. */
private fun path(address: (String) -> Address): Codec<Path> =
    fixed(PATH_BYTES).map(
        { bytes ->
            val ends = (1 until bytes.size).firstOrNull { bytes[it] == 0.toByte() } ?: bytes.size
            val text = bytes.substring(0, ends)
            Path(if (ends == 1 && bytes[0] == 0.toByte()) address("") else addressOrNull(text, address))
        },
        { path ->
            val text = when (val named = path.address) {
                is UnixAddress -> named.path
                is UnixDatagramAddress -> named.path
                else -> error("no path: $named")
            }
            wrap(text.encodeToByteArray().copyOf(PATH_BYTES))
        },
    )

private fun addressOrNull(bytes: ByteString, address: (String) -> Address): Address? = try {
    address(text(PATH_BYTES).decode(bytes))
} catch (_: MalformedException) {
    null
} catch (_: IllegalArgumentException) {
    null
}

private const val PATH_BYTES = 108
