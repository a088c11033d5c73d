package socketeer.java;

/** How what failed elsewhere is thrown here. */
final class Failures {
    private Failures() {}

    /** {@code failure} with this thread's stack: where the call was made, instead of the loop that heard of it. */
    static RuntimeException here(Throwable failure) {
        failure.setStackTrace(new Throwable().getStackTrace());
        return sneak(failure);
    }

    /** Throws {@code failure}, of any type: Kotlin's functions declare none. */
    static <X extends Throwable> RuntimeException sneak(Throwable failure) throws X {
        @SuppressWarnings("unchecked") // Nothing is cast: the compiler only believes that X is one that it need not see.
        X thrown = (X) failure;
        throw thrown;
    }
}
