package socketeer.java;

import java.util.List;
import socketeer.Address;

/**
 * What a proxy says of the connection that it carries on, in front of its first byte: whose connection it is.
 *
 * <p>The addresses are those that {@code remote()} and {@code local()} would have been without the proxy. On the wire
 * it is {@link Codecs#proxyV1} or {@link Codecs#proxyV2}. Source: HAProxy's proxy-protocol.txt, section 2.
 *
 * @param source where the connection comes from; null if the proxy doesn't know, or won't say
 * @param destination where it was going before the proxy took it; null with {@code source}
 * @param isLocal the connection is the proxy's own, such as a health check, and nobody else's; version 2 only
 * @param tlvs what version 2 says besides, in its order
 */
public record ProxyHeader(Address source, Address destination, boolean isLocal, List<ProxyTlv> tlvs) {
    /** A connection of which nothing more is known, or of a kind that a header can't name. */
    public static final ProxyHeader UNKNOWN = new ProxyHeader(null, null, false, List.of());

    /** The proxy's own connection. */
    public static final ProxyHeader LOCAL = new ProxyHeader(null, null, true, List.of());

    /**
     * Scope ids stay behind, as they mean nothing on another machine.
     *
     * @throws IllegalArgumentException there's one address, or they aren't of one kind and family, or aren't literals,
     *     or a local header has some
     */
    public ProxyHeader {
        if ((source == null) != (destination == null)) {
            throw new IllegalArgumentException("both addresses or neither, was " + source + " and " + destination);
        }
        if (isLocal && source != null) {
            throw new IllegalArgumentException("no addresses in a local header, was " + source + " and " + destination);
        }
        tlvs = List.copyOf(tlvs);
        if (source != null) {
            socketeer.ProxyHeader plain = socketeer.ProxyHeader.Companion.invoke(source, destination, List.of());
            source = plain.getSource();
            destination = plain.getDestination();
        }
    }

    /** A connection between these two: {@code new ProxyHeader(peer.remote(), peer.local())}. */
    public ProxyHeader(Address source, Address destination) {
        this(source, destination, false, List.of());
    }

    static ProxyHeader of(socketeer.ProxyHeader header) {
        List<ProxyTlv> tlvs = header.getTlvs().stream().map(ProxyTlv::of).toList();
        return new ProxyHeader(header.getSource(), header.getDestination(), header.isLocal(), tlvs);
    }

    /** This as Kotlin has it. */
    socketeer.ProxyHeader header() {
        List<socketeer.ProxyTlv> those = tlvs.stream().map(ProxyTlv::tlv).toList();
        if (isLocal) return socketeer.ProxyHeader.Companion.local(those);
        if (source == null) return socketeer.ProxyHeader.Companion.unknown(those);
        return socketeer.ProxyHeader.Companion.invoke(source, destination, those);
    }

    /** This with other {@link #tlvs()}. */
    public ProxyHeader tlvs(List<ProxyTlv> tlvs) {
        return new ProxyHeader(source, destination, isLocal, tlvs);
    }

    /** The value of the first TLV of {@code type}, such as {@link ProxyTlv#AUTHORITY}; null if there is none. */
    public Bytes get(int type) {
        return tlvs.stream().filter(it -> it.type() == type).findFirst().map(ProxyTlv::value).orElse(null);
    }

    @Override
    public String toString() {
        return header().toString();
    }
}
