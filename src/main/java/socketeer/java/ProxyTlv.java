package socketeer.java;

/**
 * A type, a length and a value: what version 2 of the PROXY protocol can say besides the addresses. The registered
 * types are here; proxy-protocol.txt, section 2.2.
 *
 * @param type 0 to 255; 0xE0 to 0xEF are for applications
 * @param value at most 65,535 bytes, a {@link #UNIQUE_ID} at most 128
 */
public record ProxyTlv(int type, Bytes value) {
    /** The protocol that the client speaks inside, as TLS negotiated it (RFC 7301). */
    public static final int ALPN = socketeer.ProxyTlv.ALPN;

    /** The host name that the client asked for, in UTF-8; with TLS its SNI. */
    public static final int AUTHORITY = socketeer.ProxyTlv.AUTHORITY;

    /** What the proxy calls this connection, opaque. */
    public static final int UNIQUE_ID = socketeer.ProxyTlv.UNIQUE_ID;

    /** That the client came over TLS, and how: section 2.2.6. */
    public static final int SSL = socketeer.ProxyTlv.SSL;

    /** The name of the network namespace. */
    public static final int NETNS = socketeer.ProxyTlv.NETNS;

    /** Checks what is given. @throws IllegalArgumentException naming what is out of bounds */
    public ProxyTlv {
        new socketeer.ProxyTlv(type, value.string());
    }

    static ProxyTlv of(socketeer.ProxyTlv tlv) {
        return new ProxyTlv(tlv.getType(), Bytes.wrap(tlv.getValue()));
    }

    /** This as Kotlin has it. */
    socketeer.ProxyTlv tlv() {
        return new socketeer.ProxyTlv(type, value.string());
    }

    @Override
    public String toString() {
        return tlv().toString();
    }
}
