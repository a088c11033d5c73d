package socketeer.java;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import socketeer.Cidr;

/**
 * Every limit and timeout in one checked value; the defaults are safe, and none cuts what works:
 * {@code Limits.DEFAULT.connections(100)}.
 *
 * <p>A connection that runs into {@link #firstByte()}, {@link #idle()}, {@link #whole()} or {@link #writeStall()} has
 * its handler interrupted and ends with a {@link socketeer.TimedOutException} that names the limit. {@link #NEVER}
 * switches a time limit off.
 *
 * <p>Each limit has a reader and, under the same name, what gives a copy with another value. Both refuse what breaks an
 * inequality with an {@link IllegalArgumentException} that names it.
 */
public final class Limits {
    /** What holds unless told otherwise. */
    public static final Limits DEFAULT = new Limits(new socketeer.Limits());

    /** As a time limit: there is none. */
    public static final Duration NEVER = Duration.ofSeconds(Long.MAX_VALUE);

    final socketeer.Limits limits;

    Limits(socketeer.Limits limits) {
        this.limits = limits;
    }

    /** How many connections one server holds at once, 1 or more; at the limit the next ones wait. */
    public int connections() {
        return limits.getConnections();
    }

    /** This with so many {@link #connections()}. */
    public Limits connections(int connections) {
        return new Limits(Bounds.connections(limits, connections));
    }

    /** How many connections the kernel holds until they are accepted, 1 or more. */
    public int backlog() {
        return limits.getBacklog();
    }

    /** This with such a {@link #backlog()}. */
    public Limits backlog(int backlog) {
        return new Limits(Bounds.backlog(limits, backlog));
    }

    /** How long connecting may take, all addresses of a name together. */
    public Duration connect() {
        return Bounds.connect(limits);
    }

    /** This with so much time to {@link #connect()}. */
    public Limits connect(Duration connect) {
        return new Limits(Bounds.connect(limits, connect));
    }

    /** How long handlers may go on after a server is told to stop; then they are interrupted. */
    public Duration drain() {
        return Bounds.drain(limits);
    }

    /** This with so much time to {@link #drain()}. */
    public Limits drain(Duration drain) {
        return new Limits(Bounds.drain(limits, drain));
    }

    /** How long a connection whose handler has ended still takes in, and drops, what the peer goes on sending. */
    public Duration linger() {
        return Bounds.linger(limits);
    }

    /** This with so much time to {@link #linger()}. */
    public Limits linger(Duration linger) {
        return new Limits(Bounds.linger(limits, linger));
    }

    /** How long something may keep the loop to itself before {@link Event.LoopBlocked} reports it. */
    public Duration hold() {
        return Bounds.hold(limits);
    }

    /** This with such a {@link #hold()}. */
    public Limits hold(Duration hold) {
        return new Limits(Bounds.hold(limits, hold));
    }

    /** How many connections one address may hold at once, an IPv6 address standing for its /64; empty: any number. */
    public OptionalInt perAddress() {
        Integer most = limits.getPerAddress();
        return most == null ? OptionalInt.empty() : OptionalInt.of(most);
    }

    /** This with so many, 1 or more, as {@link #perAddress()}. */
    public Limits perAddress(int perAddress) {
        return new Limits(Bounds.perAddress(limits, perAddress));
    }

    /** How many connections are accepted a second on average; the others wait in the backlog. Empty: as they come. */
    public OptionalInt acceptRate() {
        Integer most = limits.getAcceptRate();
        return most == null ? OptionalInt.empty() : OptionalInt.of(most);
    }

    /** This with so many, 1 or more, as {@link #acceptRate()}. */
    public Limits acceptRate(int acceptRate) {
        return new Limits(Bounds.acceptRate(limits, acceptRate));
    }

    /** How long a connection may carry no byte at all, in either direction. */
    public Duration firstByte() {
        return Bounds.firstByte(limits);
    }

    /** This with such a limit as {@link #firstByte()}. */
    public Limits firstByte(Duration firstByte) {
        return new Limits(Bounds.firstByte(limits, firstByte));
    }

    /** How long a connection may carry no further byte, in either direction. */
    public Duration idle() {
        return Bounds.idle(limits);
    }

    /** This with such a limit as {@link #idle()}. */
    public Limits idle(Duration idle) {
        return new Limits(Bounds.idle(limits, idle));
    }

    /** How long a connection may last, however busy; {@link #NEVER} unless told otherwise. */
    public Duration whole() {
        return Bounds.whole(limits);
    }

    /** This with such a limit as {@link #whole()}. */
    public Limits whole(Duration whole) {
        return new Limits(Bounds.whole(limits, whole));
    }

    /** How long a send may wait for a peer that takes not one byte of it. Then the connection is reset. */
    public Duration writeStall() {
        return Bounds.writeStall(limits);
    }

    /** This with such a limit as {@link #writeStall()}. */
    public Limits writeStall(Duration writeStall) {
        return new Limits(Bounds.writeStall(limits, writeStall));
    }

    /** Who may connect; empty: everybody. */
    public List<Cidr> allow() {
        return limits.getAllow();
    }

    /** This with these blocks: {@code allow(cidr("10.0.0.0/8"))}; with none, none. */
    public Limits allow(Cidr... blocks) {
        return new Limits(Bounds.allow(limits, List.of(blocks)));
    }

    /** Who may not, even if allowed. */
    public List<Cidr> deny() {
        return limits.getDeny();
    }

    /** This with these blocks: {@code deny(cidr("10.0.0.0/8"))}; with none, none. */
    public Limits deny(Cidr... blocks) {
        return new Limits(Bounds.deny(limits, List.of(blocks)));
    }

    /**
     * The most bytes of memory that a server takes for its connections on {@code loops} loops, besides its handlers'.
     */
    public long memory(int loops) {
        return limits.memory(loops);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Limits those && limits.equals(those.limits);
    }

    @Override
    public int hashCode() {
        return limits.hashCode();
    }

    @Override
    public String toString() {
        return limits.toString();
    }
}
