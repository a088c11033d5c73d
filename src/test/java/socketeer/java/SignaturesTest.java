package socketeer.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Java callers see Java: no name that can't be written, and nothing of Kotlin's but what is Socketeer's own. */
class SignaturesTest {
    @Test
    void everySignatureIsJavas() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (Class<?> type : visibleTypes()) {
            for (Member member : members(type)) {
                if (!seen(member)) continue;
                String text = signature(member);
                if (member.getName().contains("-") || text.contains("kotlin")) wrong.add(type.getName() + ": " + text);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void thereIsSomethingToLookAt() throws Exception {
        List<Class<?>> types = visibleTypes();
        assertTrue(types.contains(Connection.class) && types.contains(socketeer.java.testing.CodecLaws.class));
    }

    @Test
    void whatBlocksDeclaresIOException() {
        for (Class<?> type : List.of(Connection.class, Listener.class, DatagramSocket.class, Framed.class)) {
            for (var method : type.getDeclaredMethods()) {
                if (!Modifier.isPublic(method.getModifiers()) || method.isSynthetic()) continue;
                if (!method.getName().matches("(recv|send|accept|peek)[a-z]*")) continue;
                assertTrue(Arrays.asList(method.getExceptionTypes()).contains(IOException.class), method.toString());
            }
        }
    }

    private static List<Class<?>> visibleTypes() throws Exception {
        Path root = new File(Net.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toPath();
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root.resolve("socketeer/java"))) {
            for (Path file : files.filter(it -> it.toString().endsWith(".class")).sorted().toList()) {
                String name = root.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
                Class<?> type = Class.forName(name);
                if (Modifier.isPublic(type.getModifiers()) && !type.isSynthetic()) types.add(type);
            }
        }
        return types;
    }

    /** All that can be called or read, inherited members included. */
    private static List<Member> members(Class<?> type) {
        List<Member> members = new ArrayList<>(List.of(type.getMethods()));
        members.addAll(List.of(type.getConstructors()));
        members.addAll(List.of(type.getFields()));
        return members;
    }

    private static boolean seen(Member member) {
        return !member.isSynthetic() && !member.getDeclaringClass().getName().startsWith("java.");
    }

    private static String signature(Member member) {
        if (member instanceof Field field) return field.getName() + " " + field.getGenericType();
        Executable executable = (Executable) member;
        Type gives = executable instanceof java.lang.reflect.Method method ? method.getGenericReturnType() : void.class;
        return executable.getName() + Arrays.toString(executable.getGenericParameterTypes()) + " " + gives
                + Arrays.toString(executable.getTypeParameters()) + Arrays.toString(executable.getExceptionTypes());
    }
}
