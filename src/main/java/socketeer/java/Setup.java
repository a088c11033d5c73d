package socketeer.java;

import java.util.function.Consumer;
import socketeer.Network;

/**
 * How a {@link Socketeer#net} runs: {@code Setup.DEFAULT.loops(2).limits(Limits.DEFAULT.connections(100))}.
 *
 * @param loops how many loops connections are spread over, each on a thread of its own, 1 or more; 1 with a network
 *     that is given
 * @param limits what servers and connections keep to
 * @param events told what happens that no call can tell, on a loop's thread: it must not block
 * @param signals false leaves the process's signals alone
 * @param network where sockets come from; null for the kernel's. One that is given stays the caller's to close.
 */
public record Setup(int loops, Limits limits, Consumer<Event> events, boolean signals, Network network) {
    /** One loop, the default limits, events worth seeing on standard error, signals minded, the kernel's sockets. */
    public static final Setup DEFAULT = new Setup(1, Limits.DEFAULT, Event.PRINT, true, null);

    /** Checks what is given. @throws IllegalArgumentException naming the broken inequality */
    public Setup {
        if (loops < 1) throw new IllegalArgumentException("loops >= 1, was " + loops);
        if (loops > 1 && network != null) {
            throw new IllegalArgumentException("loops = 1 with a network that is given, was " + loops);
        }
    }

    /** This with so many loops. */
    public Setup loops(int loops) {
        return new Setup(loops, limits, events, signals, network);
    }

    /** This with other limits. */
    public Setup limits(Limits limits) {
        return new Setup(loops, limits, events, signals, network);
    }

    /** This with events told to {@code events}. */
    public Setup events(Consumer<Event> events) {
        return new Setup(loops, limits, events, signals, network);
    }

    /** This, minding the process's signals or not. */
    public Setup signals(boolean signals) {
        return new Setup(loops, limits, events, signals, network);
    }

    /** This on another network, a {@link socketeer.MemoryNetwork} for example. */
    public Setup network(Network network) {
        return new Setup(loops, limits, events, signals, network);
    }
}
