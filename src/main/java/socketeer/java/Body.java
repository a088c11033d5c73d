package socketeer.java;

/** What {@link Socketeer#within} runs. */
@FunctionalInterface
public interface Body<T, X extends Exception> {
    /** May block; gives its result. */
    T run() throws X;
}
