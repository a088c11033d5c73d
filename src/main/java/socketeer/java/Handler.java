package socketeer.java;

/**
 * What a server does with a socket, on a thread of its own: a virtual one, or on a JDK before 21 one of a pool of 1,024
 * (the system property {@code socketeer.threads} says otherwise), where who finds none waits.
 *
 * <p>However it ends, the socket closes and what the handler launched ends. What it throws ends this socket only and is
 * an {@link Event.HandlerFailed}. Where the server stops and the handler goes on, its thread is interrupted.
 */
@FunctionalInterface
public interface Handler<S> {
    /** Serves {@code socket}; may block. */
    void handle(S socket) throws Exception;
}
