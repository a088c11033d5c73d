package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import java.io.File

/**
 * Somebody else's Java project in src/consumer, compiled against the jar and its runtime dependencies and nothing else,
 * without a warning, and run: on the class path and on the module path, on the oldest JDK and the newest.
 */
class ConsumerIT : FunSpec({
    val jar = File(Network::class.java.protectionDomain.codeSource.location.toURI())
    val path = (listOf(jar.path) + runtimeJars()).joinToString(":")
    val main = "src/consumer/src/main/java/consumer/Main.java"
    val module = "src/consumer/src/main/java/module-info.java"

    fun Jdk.compile(vararg args: String) =
        run("javac", "--release", "17", "-Xlint:all", "-Werror", *args) shouldBe Ended(0, "", "")

    // The examples tell of events on standard error.
    fun Jdk.print(expected: String, vararg args: String) = run("java", *args).let {
        withClue(it) { (it.code to it.said) shouldBe (0 to expected) }
    }

    test("it is the jar that is tried") { jar.extension shouldBe "jar" }

    test("every Java block of the README stands there, but for the one that needs JUnit") {
        val here = code(File(main).readText())
        val blocks = Regex("```java\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(File("README.md").readText())
        for (block in blocks.map { it.groupValues[1] }.filterNot { "@TestFactory" in it }) {
            withClue(block) { (code(block.replace("9000", "port")) in here) shouldBe true }
        }
    }

    for (feature in listOf(17, 25)) {
        val jdk = Jdk.find(feature)
        val install = if (jdk == null) " (install one and name it in JAVA_HOME_$feature)" else ""

        test("JDK $feature, class path$install").config(enabled = jdk != null) {
            val classes = tempdir().path
            jdk!!.compile("-cp", path, "-d", classes, main)
            jdk.print("on the class path\n$PRINTED", "-cp", "$classes:$path", "consumer.Main")
        }

        test("JDK $feature, module path$install").config(enabled = jdk != null) {
            val classes = tempdir().path
            jdk!!.compile("-p", path, "-d", classes, main, module)
            jdk.print("on the module path\n$PRINTED", "-p", "$classes:$path", "-m", "consumer/consumer.Main")
        }
    }
})

/** Without imports, comments and white space, which each may set as he likes. */
private fun code(text: String) = text.lines().filterNot { it.startsWith("import ") }
    .joinToString("") { it.replace(Regex(" //.*"), "") }.replace(Regex("\\s"), "")

private val PRINTED = """
    hello
    still here
    null
    ended
    from memory
    1
    192.0.2.7:56324 says hello
    2 points
    OWN FRAMING

""".trimIndent()
