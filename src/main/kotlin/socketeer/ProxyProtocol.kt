package socketeer

/*
 * The PROXY protocol: HAProxy's proxy-protocol.txt of 2020/03/05. Version 1 is a line of text, version 2 is binary:
 *
 *   signature, 12 bytes | version and command | family and kind | length, 2 bytes | addresses | TLVs
 *
 * Where the document lets a receiver choose, this one is strict, but for two things that it must let pass: what follows
 * UNKNOWN in version 1, and what LOCAL and unspecified headers of version 2 hold besides TLVs. A Unix path that has no
 * address here (abstract, not UTF-8, longer than the JDK takes) makes the header one that is unknown, as section 2.2
 * says of what a receiver doesn't support.
 */

/** The longest header of version 2 unless told otherwise: 4 KiB, ten times what addresses and names usually take. */
public const val DEFAULT_MAX_PROXY_V2: Int = 4_096

/**
 * A header of version 1, `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`: TCP addresses or unknown, no TLVs.
 *
 * At most 107 bytes. Its first wrong byte is refused as it comes, a wrong field with its position.
 */
public fun proxyV1(): Codec<ProxyHeader> = PROXY_V1

/**
 * A header of version 2. A checksum that is there is checked, whether or not [checksum] asks for one to be written.
 *
 * @param checksum whether to write a CRC32C; section 2.2.3.
 * @param max the greatest number of bytes of a header, 16 to 65,551; what is announced beyond is refused at once.
 */
public fun proxyV2(checksum: Boolean = false, max: Int = DEFAULT_MAX_PROXY_V2): Codec<ProxyHeader> =
    ProxyV2(checksum, max)

/**
 * A header of either version, as a receiver wants it; version 2 is what it writes.
 *
 * @param max the greatest number of bytes of a header of version 2.
 */
public fun proxyHeader(max: Int = DEFAULT_MAX_PROXY_V2): Codec<ProxyHeader> = EitherVersion(proxyV2(max = max))

private class EitherVersion(private val v2: Codec<ProxyHeader>) : Codec<ProxyHeader> {
    override val maxBytes = maxOf(v2.maxBytes, MAX_PROXY_V1)

    override fun encode(value: ProxyHeader, output: Output) = v2.encode(value, output)

    override fun decoder(): Decoder<ProxyHeader> {
        val first = PROXY_V1.decoder()
        val second = v2.decoder()
        var chosen: Decoder<ProxyHeader>? = null
        return Decoder { input ->
            if (chosen == null && !input.has(1)) return@Decoder null
            val version = chosen ?: when (val byte = input[input.position]) {
                'P'.code.toByte() -> first
                PROXY_SIGNATURE[0] -> second
                else -> input.malformed("PROXY or the signature of version 2 expected, ${hex(byte.toInt())} is there")
            }
            version.decode(input).also { chosen = if (it == null) version else null }
        }
    }
}
