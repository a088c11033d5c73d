package socketeer.java;

import java.time.Duration;

/**
 * Every limit and timeout in one checked value; the defaults are safe: {@code Limits.DEFAULT.connections(100)}.
 *
 * <p>Each limit has a reader and, under the same name, what gives a copy with another value. Both refuse what breaks an
 * inequality with an {@link IllegalArgumentException} that names it.
 */
public final class Limits {
    /** What holds unless told otherwise. */
    public static final Limits DEFAULT = new Limits(new socketeer.Limits());

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
