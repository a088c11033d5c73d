package socketeer.java;

/** What runs beside a handler or a block on a thread of its own, and ends with it: see {@link Connection#launch}. */
@FunctionalInterface
public interface Task {
    /** May block; is interrupted when what it belongs to ends. */
    void run() throws Exception;
}
