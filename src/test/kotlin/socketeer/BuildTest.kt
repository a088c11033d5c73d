package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContain
import io.kotest.matchers.collections.shouldHaveSize
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.io.File

/** What the library is to a build that uses it. */
class BuildTest : FunSpec({
    val readme = File("README.md").readText()

    test("the README's tree is what a user gets") {
        val tree = runtimeTree()
        withClue("mvn dependency:tree -Dscope=runtime, without what is optional") {
            readme shouldContain "```text\n${tree.joinToString("\n")}\n```"
        }
        tree.drop(1) shouldHaveSize 10
    }

    test("what the build uses is what the pom asks for, with nothing added on the way") {
        val direct = Regex("(?m)^(?:\\+|\\\\)- [^:]+:([^:]+):").findAll(runtimeTree().joinToString("\n"))
            .map { it.groupValues[1] }.toList()
        direct shouldContain "kotlin-stdlib"
        val asked = File("pom.xml").readText().substringBefore("<build>")
        direct.filterNot { "<artifactId>$it</artifactId>" in asked }.shouldBeEmpty()
    }

    test("the README's coordinates are the pom's") {
        val (group, artifact, version) =
            Regex("<groupId>(.*)</groupId>\\s*<artifactId>(.*)</artifactId>\\s*<version>(.*)</version>")
                .find(File("pom.xml").readText())!!.destructured
        runtimeTree().first() shouldBe "$group:$artifact:jar:$version"
        for (each in listOf(readme, File("src/consumer/pom.xml").readText())) {
            each.lines().joinToString("\n", transform = String::trim) shouldContain
                "<groupId>$group</groupId>\n<artifactId>$artifact</artifactId>\n<version>$version</version>"
        }
    }

    test("the pom has what Maven Central asks for") {
        val pom = File("pom.xml").readText()
        listOf("name", "description", "url", "license", "developer", "scm").filterNot { "<$it>" in pom }.shouldBeEmpty()
    }

    test("what looks classes up by name is known to a native image") {
        val metadata = "META-INF/native-image/io.github.socketeer/socketeer/reachability-metadata.json"
        val named = Json.parseToJsonElement(Network::class.java.classLoader.getResource(metadata)!!.readText())
            .jsonObject["reflection"]!!.jsonArray.map { it.jsonObject["type"]!!.jsonPrimitive.content }
        for (type in named) Class.forName(type)
        val byName = listOf(
            Regex("(\\w+)::class\\.java\\.get(?:Field|Method|Declared\\w+)\\("),
            Regex("newUpdater\\((\\w+)::class"),
            Regex("\\.find(?:Static|Virtual|VarHandle)\\((\\w+)\\.class"),
        )
        val sources = File("src/main").walk().filter { it.extension in setOf("kt", "java") }
        val used = sources.filter { it.parentFile.name != "script" }
            .flatMap { file -> byName.flatMap { it.findAll(file.readText()) } }.map { it.groupValues[1] }.toSet()
        used shouldBe named.map { it.substringAfterLast('.') }.toSet()
    }
})
