package socketeer.loop;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Virtual threads, which JDK 21 and newer have and this is compiled without; before, no thread is one. */
final class Virtual {
    private static final MethodHandle START =
            find("startVirtualThread", true, MethodType.methodType(Thread.class, Runnable.class));
    private static final MethodHandle IS = find("isVirtual", false, MethodType.methodType(boolean.class));

    private Virtual() {}

    static boolean exist() {
        return START != null;
    }

    static boolean isOne(Thread thread) {
        if (IS == null) return false;
        try {
            return (boolean) IS.invokeExact(thread);
        } catch (Throwable cause) {
            throw new LinkageError("Thread.isVirtual", cause);
        }
    }

    /** @throws UnsupportedOperationException before JDK 21 */
    static Thread start(Runnable task) {
        if (START == null) throw new UnsupportedOperationException("virtual threads, before JDK 21");
        try {
            return (Thread) START.invokeExact(task);
        } catch (RuntimeException | Error cause) {
            throw cause;
        } catch (Throwable cause) {
            throw new LinkageError("Thread.startVirtualThread", cause);
        }
    }

    private static MethodHandle find(String name, boolean isStatic, MethodType type) {
        if (Runtime.version().feature() < 21) return null;
        try {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            return isStatic
                    ? lookup.findStatic(Thread.class, name, type)
                    : lookup.findVirtual(Thread.class, name, type);
        } catch (NoSuchMethodException | IllegalAccessException absent) {
            throw new LinkageError("Thread." + name + " of JDK 21 and newer", absent);
        }
    }
}
