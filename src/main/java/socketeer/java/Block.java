package socketeer.java;

/** What {@link Socketeer#net} runs. */
@FunctionalInterface
public interface Block<X extends Exception> {
    /** Uses {@code net}'s verbs; may block. */
    void run(Net net) throws X;
}
