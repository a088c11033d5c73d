package socketeer.java;

/**
 * How fast a connection may be, each direction for itself: {@code Rates.UNLIMITED.send(new Rate(…))}. Null is no
 * limit.
 *
 * @param receive how many bytes are received
 * @param send how many bytes are sent
 * @param receives how many receives give something: messages, where a peer sends one and waits; to count frames, a
 *     {@link Throttle}
 */
public record Rates(Rate receive, Rate send, Rate receives) {
    /** As fast as it goes. */
    public static final Rates UNLIMITED = new Rates(null, null, null);

    /** This with so many bytes received. */
    public Rates receive(Rate receive) {
        return new Rates(receive, send, receives);
    }

    /** This with so many bytes sent. */
    public Rates send(Rate send) {
        return new Rates(receive, send, receives);
    }

    /** This with so many receives that give something. */
    public Rates receives(Rate receives) {
        return new Rates(receive, send, receives);
    }
}
